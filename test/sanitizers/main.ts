/**
 * Checks the native addon with tools that end its process at the first fault:
 * npm run test:sanitizers -- [address|undefined|thread|guard|failures|shapes ...] [--seconds N] [--seed N] [--from VARIANT]
 * Without a name all of them run, N seconds each; --from selects the variant that failures start with (the last four are training steps).
 * Everything is built in a separate folder in the cache.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import type { Reporter } from '../../runtime/reporter.js'
import { preloadedLibrary, type Sanitizer, sanitizedAddon, sanitizerRuntime, shapeInference, sources } from './build.js'
import { table } from './shape_cases.js'

const reporter: Reporter = { say: console.log, warn: console.warn, progress() {} }

const checks = ['address', 'undefined', 'thread', 'guard', 'failures', 'shapes'] as const
type Check = (typeof checks)[number]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
})
const unknown = positionals.filter((name) => !checks.some((check) => check === name))
if (unknown.length > 0) throw new Error(`no check ${unknown.join(', ')}; there are ${checks.join(', ')}`)
const chosen = checks.filter((check) => positionals.length === 0 || positionals.includes(check))

const line = z.object({
  done: z.boolean().optional(),
  finding: z.string().optional(),
  variant: z.number().optional(),
  before: z.number().optional(),
  every: z.number().optional(),
  unproved: z.string().optional(),
  failed: z.number().optional(),
  cases: z.record(z.string(), z.number()).optional(),
  left: z.number().optional(),
  name: z.string().optional(),
  part: z.string().optional(),
})
type Line = z.infer<typeof line>

interface Ended {
  readonly lines: readonly Line[]
  readonly how: string
  /** All other output, such as a sanitizer's report. */
  readonly report: string
}

interface Program {
  readonly script: string
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  /** Disables address space layout randomisation, which ThreadSanitizer does not support. */
  readonly fixedAddresses?: boolean
}

function start({ script, args, environment, fixedAddresses }: Program): Promise<Ended> {
  const node = ['--import=tsx', `--import=${join(sources, 'load.ts')}`, join(sources, script), ...args]
  const [program, ...first] = fixedAddresses ? ['setarch', '-R', process.execPath] : [process.execPath]
  const child = spawn(program ?? process.execPath, [...first, ...node], {
    cwd: packageRoot(),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Line[] = []
  let report = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    report = (report + text).slice(0, 20_000)
  })
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (text.startsWith('{')) lines.push(line.parse(JSON.parse(text)))
    else report = `${report}${text}\n`
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve({ lines, how: signal ?? `status ${status}`, report }))
  })
}

const environments: Readonly<Record<Sanitizer, () => Promise<NodeJS.ProcessEnv>>> = {
  // Leak detection is disabled, as Node, V8 and TensorFlow do not free everything at exit. The workload counts the addon's tensors instead.
  address: async () => ({
    LD_PRELOAD: await sanitizerRuntime('libasan.so'),
    ASAN_OPTIONS: 'detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1',
  }),
  undefined: async () => ({ UBSAN_OPTIONS: 'print_stacktrace=1' }),
  thread: async () => ({
    LD_PRELOAD: await sanitizerRuntime('libtsan.so'),
    // Node and TensorFlow are not instrumented, so ThreadSanitizer does not see their locks; see tensorflow_order.cc.
    TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1:history_size=4',
  }),
}

/** Runs the workload under a sanitizer and prints a summary. @returns the findings */
async function sanitize(sanitizer: Sanitizer): Promise<readonly string[]> {
  const addon = await sanitizedAddon(sanitizer, reporter)
  const program = {
    script: 'workload.ts',
    environment: { ...(await environments[sanitizer]()), WSBAN_CHECKED_ADDON: addon },
    fixedAddresses: sanitizer === 'thread',
  }
  const planted = await start({
    ...program,
    args: [values.seed, '0', 'optimizerStep'],
    environment: { ...program.environment, WSBAN_PLANTED_FAULT: sanitizer },
  })
  if (planted.lines.some(({ done }) => done)) return ['the planted fault was not reported: the sanitizer is not active']
  return workload(sanitizer, { ...program, args: [values.seed, values.seconds] })
}

async function workload(name: string, program: Program): Promise<readonly string[]> {
  const { lines, how, report } = await start(program)
  const last = lines.at(-1)
  console.log(`${name}: ${JSON.stringify(last?.cases ?? {})}`)
  if (last?.done !== true) return [`the process ended (${how}) in ${last?.part ?? 'loading'}\n${report}`]
  return last.left ? [`${last.left} tensors were left`] : []
}

/** Runs the workload with an allocator that ends each tensor at an inaccessible page. */
async function guard(): Promise<readonly string[]> {
  const library = await preloadedLibrary(join(sources, '..', 'sweep', 'guard_malloc.c'), 'guard_malloc')
  const environment = { LD_PRELOAD: library }
  return workload('guard', { script: 'workload.ts', args: [values.seed, values.seconds], environment })
}

/**
 * Returns the TensorFlow function that crashed; undefined if the crash is in the addon. The frames of the C and C++ libraries and of the failing
 * allocator are skipped.
 */
function crashOfTensorflow(report: string): string | undefined {
  const frames = report.split('\n').filter((frame) => /\[0x[0-9a-f]+\]$/.test(frame))
  const top = frames.findIndex((frame) => !/\/(?:libc|libstdc\+\+|libgcc_s|fail_malloc)\.so/.test(frame))
  if (!/\/libtensorflow\w*\.so/.test(frames[top] ?? '')) return undefined
  const named = frames.slice(top).find((frame) => /libtensorflow\w*\.so[^(]*\(_/.test(frame))
  return /\((\w+)/.exec(named ?? '')?.[1] ?? 'a function without a name'
}

/** After a crash a new process continues with the next case. Crashes in TensorFlow are counted; crashes in the addon are findings. */
async function failures(): Promise<readonly string[]> {
  const library = await preloadedLibrary(join(sources, 'fail_malloc.cc'), 'fail_malloc')
  const folder = mkdtempSync(join(tmpdir(), 'wsban-failures-'))
  const control = join(folder, 'control')
  const found: string[] = []
  const upstream = new Map<string, number>()
  const ends = performance.now() + Number(values.seconds) * 1000
  let next = { variant: Number(values.from), before: 0 }
  let failed = 0
  try {
    for (;;) {
      writeFileSync(control, Buffer.alloc(40))
      const { lines, how, report } = await start({
        script: 'failures_worker.ts',
        args: [String((ends - performance.now()) / 1000), String(next.variant), String(next.before)],
        environment: { LD_PRELOAD: library, WSBAN_FAIL_CONTROL: control },
      })
      failed += lines.reduce((sum, one) => sum + (one.failed ?? 0), 0)
      found.push(...lines.flatMap(({ finding }) => finding ?? []))
      const last = lines.at(-1)
      if (last?.done !== undefined) break
      failed++
      const where = crashOfTensorflow(report)
      if (where === undefined) found.push(`${last?.name ?? 'loading'}: the process ended (${how})\n${report}`)
      else upstream.set(where, (upstream.get(where) ?? 0) + 1)
      if (last?.variant === undefined || last.before === undefined || performance.now() > ends) break
      next = { variant: last.variant, before: last.before + (last.every ?? 1) }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  console.log(`failures: ${failed} allocations failed; crashes in TensorFlow: ${JSON.stringify([...upstream])}`)
  return found
}

/** TensorFlow's shape function infers [0] for these two unused outputs; its kernels, and therefore the cache, return scalars. */
const wrongShapeFunctions =
  /^FusedBatchNormGradV3 output [34]: the shape function infers \[0\], the kernel computed \[\]$/

/** Compares the shape cache with TensorFlow's shape functions and with the computed shapes. */
async function shapes(): Promise<readonly string[]> {
  const shapeInputs = [...table()].map(([name, indices]) => `${name}:${indices.join()}`).join(';')
  const environment = { WSBAN_CHECKED_ADDON: await shapeInference(reporter), WSBAN_SHAPE_INPUTS: shapeInputs }
  const { lines, how, report } = await start({ script: 'shapes_worker.ts', args: [], environment })
  const last = lines.at(-1)
  const unproved = new Map<string, number>()
  for (const { unproved: output } of lines) if (output) unproved.set(output, (unproved.get(output) ?? 0) + 1)
  console.log(`shapes: ${JSON.stringify(last?.cases ?? {})}`)
  for (const [output, times] of unproved) console.log(`shapes: not inferred, ${times} times: ${output}`)
  const found = lines.flatMap(({ finding }) => (finding && !wrongShapeFunctions.test(finding) ? finding : []))
  return last?.done ? found : [...found, `the process ended (${how}) in ${JSON.stringify(last)}\n${report}`]
}

function perform(check: Check): Promise<readonly string[]> {
  if (check === 'guard') return guard()
  if (check === 'failures') return failures()
  return check === 'shapes' ? shapes() : sanitize(check)
}

let count = 0
for (const check of chosen) {
  const began = performance.now()
  const found = await perform(check)
  for (const finding of found) console.log(`${check}: ${finding}`)
  console.log(`${check}: ${found.length} findings, ${Math.round((performance.now() - began) / 1000)} s`)
  count += found.length
}
process.exitCode = count > 0 ? 1 : 0
