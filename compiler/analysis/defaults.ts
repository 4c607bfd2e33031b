import { operations } from '../ops/index.js'
import type { ArgumentSpec } from '../ops/operation.js'
import { trainArguments } from '../training/loop.js'
import { settings } from '../training/settings.js'

/** Values of omitted arguments, by operation or setting, and argument. */
export type Defaults = Readonly<Record<string, Readonly<Record<string, number | boolean | string | null>>>>

/** The name under which the defaults of the train block are listed. */
export const trainDefaults = 'train'

/** Returns every default of this version. A run stores them, so that its meaning does not change with a later version. */
export function presentDefaults(): Defaults {
  const callees: readonly { readonly name: string; readonly arguments: readonly ArgumentSpec[] }[] = [
    ...operations.values(),
    ...settings.values(),
    { name: trainDefaults, arguments: trainArguments },
  ]
  return Object.fromEntries(
    callees.flatMap(({ name, arguments: specs }) => {
      const known = specs.flatMap((spec) => (spec.default === undefined ? [] : [[spec.name, spec.default] as const]))
      return known.length === 0 ? [] : [[name, Object.fromEntries(known)] as const]
    }),
  )
}
