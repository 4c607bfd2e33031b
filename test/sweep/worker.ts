/**
 * One part of the sweep in a process of its own: a kernel that writes outside its buffers ends this process and not the sweep.
 * Arguments: engine, seed, first case, one after the last. Writes a line a case that differs, and the number of each case before it runs.
 */
import { writeSync } from 'node:fs'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { differenceOf } from './compare.js'
import { grid } from './grid.js'

const [engine, seed, from, to] = process.argv.slice(2)
if (engine !== 'tfjs-node' && engine !== 'wasm' && engine !== 'cpu') throw new Error(`unknown engine ${engine}`)
await openEngine(engine, silent)
const cases = grid(Number(seed))
for (let index = Number(from); index < Math.min(Number(to), cases.length); index++) {
  const one = cases[index]
  if (!one) break
  writeSync(1, `${JSON.stringify({ index })}\n`)
  const difference = differenceOf(one, index)
  if (difference !== undefined) writeSync(1, `${JSON.stringify({ index, difference, case: one })}\n`)
}
writeSync(1, `${JSON.stringify({ done: true })}\n`)
