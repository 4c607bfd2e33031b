/**
 * Every convolution and pool of a grid on an engine, values and gradients, against plain loops in double precision:
 *   npm run sweep -- [--engine tfjs-node|wasm|cpu] [--isa AVX2] [--guard] [--from N] [--count N] [--seed N] [--seconds N]
 * `--isa` limits oneDNN's instructions, as on an older processor. `--guard` loads an allocator that ends the process at a write outside of a buffer.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { packageRoot } from '../../runtime/package-root.js'
import { grid } from './grid.js'

const said = z.union([
  z.object({ done: z.literal(true) }),
  z.object({ index: z.number(), difference: z.string().optional() }),
])

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
/** A case that takes longer than this has no end. */
const longestCase = 120_000
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

/** @returns the first case that was not run */
async function runFrom(first: number, guard: string): Promise<number> {
  const last = Math.min(first + 500, end)
  const args = ['--import=tsx', join(packageRoot(), 'test', 'sweep', 'worker.ts')]
  const child = spawn(process.execPath, [...args, values.engine, values.seed, String(first), String(last)], {
    cwd: packageRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ONEDNN_MAX_CPU_ISA: values.isa, ...(guard !== '' && { LD_PRELOAD: guard }) },
  })
  const ended = new Promise<string>((settle) => {
    child.on('close', (status, signal) => settle(signal ?? `status ${status}`))
  })
  let index = first
  let finished = false
  let watch: NodeJS.Timeout | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(watch)
    watch = setTimeout(() => child.kill('SIGKILL'), longestCase)
    const message = said.parse(JSON.parse(line))
    if ('done' in message) finished = true
    else {
      index = message.index
      if (message.difference !== undefined) report(index, message.difference)
    }
  }
  clearTimeout(watch)
  const how = await ended
  if (finished) return last
  report(index, `the process ended (${how})`)
  return index + 1
}

function report(index: number, what: string): void {
  faults++
  console.log(`${index}: ${what}: ${JSON.stringify(cases[index])}`)
}
