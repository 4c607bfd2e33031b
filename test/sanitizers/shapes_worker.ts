/** Runs the shape cases in a process of its own. Writes a line of JSON for each difference, and one at the end. */
import { writeSync } from 'node:fs'
import { Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { shapeDifferences } from './shapes.js'

const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`)
await openEngine('tfjs-node', silent)
const { findings, cases, rejected } = shapeDifferences(new Random(1))
for (const finding of findings) say({ finding })
say({ done: true, cases: { cases, rejected } })
