import type { Code } from '../table.js'
import { calls } from './calls.js'
import type { Example } from './example.js'
import { models } from './models.js'
import { names } from './names.js'
import { reading } from './reading.js'
import { shapes } from './shapes.js'
import { warnings } from './warnings.js'

/** One example for every diagnostic. */
export const examples: { readonly [C in Code]: Example } = {
  ...reading,
  ...names,
  ...calls,
  ...shapes,
  ...models,
  ...warnings,
}
