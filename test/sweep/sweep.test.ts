import test from 'ava'
import { isHere } from '../kernels/support.js'
import { differenceOf } from './compare.js'
import { grid } from './grid.js'

const cases = grid(1)

/** A part of the grid; `npm run sweep` covers as much as time permits, also with older instruction sets and a guard allocator. */
for (const [engine, count] of [
  ['tfjs-node', 500],
  ['wasm', 250],
] as const)
  test.serial(`${engine}: convolutions and pools of the grid, values and gradients`, async (t) => {
    if (!(await isHere(engine))) {
      t.log(`skipped: ${engine} is not on this machine (wsban setup gets it)`)
      t.pass()
      return
    }
    for (const [index, one] of cases.slice(0, count).entries())
      t.is(differenceOf(one, index), undefined, JSON.stringify(one))
  })
