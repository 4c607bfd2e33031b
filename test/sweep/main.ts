/**
 * Compares every convolution and pool of a grid on an engine, values and gradients, with plain loops in double precision:
 *   npm run sweep -- [--engine tfjs-node|wasm|cpu] [--isa AVX2] [--guard] [--from N] [--count N] [--seed N] [--seconds N]
 * `--isa` limits oneDNN's instructions, as on an older processor. `--guard` loads an allocator that ends the process at a write outside of a buffer.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { LineProcess } from '../support/line_process.js'
import { grid } from './grid.js'

const checked = z.object({ difference: z.string().optional() })

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'tfjs-node' },
    isa: { type: 'string', default: 'DEFAULT' },
    guard: { type: 'boolean', default: false },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '1000000' },
  },
})
const cases = grid(Number(values.seed))
const end = Math.min(Number(values.from) + Number(values.count), cases.length)
/** The time limit of a case in milliseconds; a slower one is considered hanging. */
const longestCase = 120_000
/** The number of cases per process, which bounds leaks. */
const perProcess = 500
const folder = mkdtempSync(join(tmpdir(), 'wsban-sweep-'))
const began = performance.now()
let faults = 0
let next = Number(values.from)
try {
  const guard = values.guard ? buildGuard() : ''
  while (next < end && (performance.now() - began) / 1000 < Number(values.seconds)) next = await runFrom(next, guard)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const seconds = Math.round((performance.now() - began) / 1000)
console.log(JSON.stringify({ ...values, grid: cases.length, checked: next - Number(values.from), faults, seconds }))
process.exitCode = faults > 0 ? 1 : 0

function buildGuard(): string {
  const library = join(folder, 'guard_malloc.so')
  const source = join(packageRoot(), 'test', 'sweep', 'guard_malloc.c')
  const { status, stderr } = spawnSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the guard allocator does not compile: ${stderr}`)
  return library
}

/** Checks some cases in one process. @returns the first case that was not checked */
async function runFrom(first: number, guard: string): Promise<number> {
  const sweeper = new LineProcess({
    program: process.execPath,
    args: ['--import=tsx', join(import.meta.dirname, 'worker.ts'), values.engine, values.seed],
    env: { ...process.env, ONEDNN_MAX_CPU_ISA: values.isa, ...(guard !== '' && { LD_PRELOAD: guard }) },
    longest: longestCase,
  })
  const last = Math.min(first + perProcess, end)
  for (let index = first; index < last; index++) {
    const reply = await sweeper.ask(index)
    if ('ended' in reply) {
      report(index, `the process ended (${reply.ended})`)
      return index + 1
    }
    const { difference } = checked.parse(reply.answer)
    if (difference !== undefined) report(index, difference)
  }
  await sweeper.close()
  return last
}

function report(index: number, what: string): void {
  faults++
  console.log(`${index}: ${what}: ${JSON.stringify(cases[index])}`)
}
