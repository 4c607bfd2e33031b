/**
 * One part of the sweep in a process of its own: a kernel that writes outside its buffers ends this process and not the sweep.
 * Arguments: engine, seed. Reads the number of a case as a line of JSON, and answers with what differs there.
 */
import { createInterface } from 'node:readline'
import * as z from 'zod'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { differenceOf } from './compare.js'
import { grid } from './grid.js'

const [engine, seed] = process.argv.slice(2)
if (engine !== 'tfjs-node' && engine !== 'wasm' && engine !== 'cpu') throw new Error(`unknown engine ${engine}`)
await openEngine(engine, silent)
const cases = grid(Number(seed))
for await (const line of createInterface({ input: process.stdin })) {
  const index = z.number().parse(JSON.parse(line))
  const one = cases[index]
  if (!one) throw new Error(`the grid has no case ${index}`)
  process.stdout.write(`${JSON.stringify({ difference: differenceOf(one, index) })}\n`)
}
