/**
 * The native addon under checks that end its process at the first fault:
 * npm run test:sanitizers -- [address|undefined|thread|guard|failures|shapes ...] [--seconds N] [--seed N] [--from VARIANT]
 * Without a name all of them run, N seconds each; failures begin with a variant (the last four are training steps). Everything is built in a folder of its own in the cache.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { packageRoot } from '../../runtime/package-root.js'
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
  /** What is no line of the worker's: a sanitizer's report. */
  readonly report: string
}

interface Program {
  readonly script: string
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  /** ThreadSanitizer knows no address space that is laid out by chance. */
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
  return new Promise((settle, fail) => {
    child.on('error', fail)
    child.on('close', (status, signal) => settle({ lines, how: signal ?? `status ${status}`, report }))
  })
}

const environments: Readonly<Record<Sanitizer, () => Promise<NodeJS.ProcessEnv>>> = {
  // Leaks: what Node, V8 and TensorFlow keep until the end is not freed. The workload counts the addon's tensors instead.
  address: async () => ({
    LD_PRELOAD: await sanitizerRuntime('libasan.so'),
    ASAN_OPTIONS: 'detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1',
  }),
  undefined: async () => ({ UBSAN_OPTIONS: 'print_stacktrace=1' }),
  thread: async () => ({
    LD_PRELOAD: await sanitizerRuntime('libtsan.so'),
    // Node's and TensorFlow's own accesses are not seen, so their locks do not order what is; see tensorflow_order.cc.
    TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1:history_size=4',
  }),
}

/** @returns what was found; one line says what was done */
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
  if (planted.lines.some(({ done }) => done))
    return ['the planted fault was not reported: the sanitizer is not at work']
  return workload(sanitizer, { ...program, args: [values.seed, values.seconds] })
}

async function workload(name: string, program: Program): Promise<readonly string[]> {
  const { lines, how, report } = await start(program)
  const last = lines.at(-1)
  console.log(`${name}: ${JSON.stringify(last?.cases ?? {})}`)
  if (last?.done !== true) return [`the process ended (${how}) in ${last?.part ?? 'loading'}\n${report}`]
  return last.left ? [`${last.left} tensors were left`] : []
}

/** Tensors end at a page that must not be touched. */
async function guard(): Promise<readonly string[]> {
  const library = await preloadedLibrary(join(sources, '..', 'sweep', 'guard_malloc.c'), 'guard_malloc')
  const environment = { LD_PRELOAD: library }
  return workload('guard', { script: 'workload.ts', args: [values.seed, values.seconds], environment })
}

/**
 * The function of TensorFlow's in which a process crashed by itself; undefined where the addon did. Above it on the stack are the C and C++
 * libraries and the failing allocator alone.
 */
function crashOfTensorflow(report: string): string | undefined {
  const frames = report.split('\n').filter((frame) => /\[0x[0-9a-f]+\]$/.test(frame))
  const top = frames.findIndex((frame) => !/\/(?:libc|libstdc\+\+|libgcc_s|fail_malloc)\.so/.test(frame))
  if (!/\/libtensorflow\w*\.so/.test(frames[top] ?? '')) return undefined
  const named = frames.slice(top).find((frame) => /libtensorflow\w*\.so[^(]*\(_/.test(frame))
  return /\((\w+)/.exec(named ?? '')?.[1] ?? 'a function without a name'
}

/** Another process goes on behind the case that ended one. TensorFlow's own crashes are counted; the addon's are findings. */
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
  console.log(`failures: ${failed} allocations failed; crashes of TensorFlow's own: ${JSON.stringify([...upstream])}`)
  return found
}

/** TensorFlow's shape function says [0] of these two, which nobody uses; its kernels, and so the cache, give scalars. */
const wrongShapeFunctions = /^FusedBatchNormGradV3 output [34]: the shape function gives \[0\], computed was \[\]$/

/** The shape cache against TensorFlow's shape functions, and against what is computed. */
async function shapes(): Promise<readonly string[]> {
  const shaping = [...table()].map(([name, places]) => `${name}:${places.join()}`).join(';')
  const environment = { WSBAN_CHECKED_ADDON: await shapeInference(reporter), WSBAN_SHAPING_INPUTS: shaping }
  const { lines, how, report } = await start({ script: 'shapes_worker.ts', args: [], environment })
  const last = lines.at(-1)
  const unproved = new Map<string, number>()
  for (const { unproved: what } of lines) if (what) unproved.set(what, (unproved.get(what) ?? 0) + 1)
  console.log(`shapes: ${JSON.stringify(last?.cases ?? {})}`)
  for (const [what, times] of unproved) console.log(`shapes: not known beforehand, ${times} times: ${what}`)
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
