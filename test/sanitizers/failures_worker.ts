/**
 * Makes one allocation after another fail, in a process of its own; the parent process reports a crash. Arguments: seconds, the variant and the
 * allocation to start with, and the names of workloads, separated by commas (all by default). Writes a line of JSON before and after each case. See
 * fail_malloc.cc.
 */
import { openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { outOfMemory } from '../../runtime/engines/memory.js'
import { loadModel } from '../../runtime/generated/load.js'
import { native } from '../../runtime/kernels/native/execute.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { Learner } from '../../runtime/training/learner.js'
import { customOps, WrongResult } from './custom_ops.js'

const kinds = { addon: 1, tensors: 2 } as const
type Kind = keyof typeof kinds

/** Enough to cover all of a training step; small operations are tested at every allocation. */
const maxCases = 100
/** Enough for several blocks and threads, but small, as each case is computed twice. */
const maxElements = 40_000

const [seconds = 0, firstVariant = 0, firstBefore = 0] = process.argv.slice(2).map(Number)
const file = openSync(process.env.WSBAN_FAIL_CONTROL ?? '', 'r+')
const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`)

function arm(kind: Kind | undefined, before: number): void {
  const least = kind === 'tensors' ? 64 : 1
  writeSync(file, BigInt64Array.of(BigInt(kind ? kinds[kind] : 0), BigInt(before), 0n, 0n, BigInt(least)), 0, 40, 0)
}

function observed(): { seen: number; failed: number } {
  const values = new BigInt64Array(5)
  readSync(file, values, 0, 40, 0)
  return { seen: Number(values[2]), failed: Number(values[3]) }
}

await openEngine('tfjs-node', silent)
const spec = join(packageRoot(), 'models', 'wsban_tiny.wsban')
const { graph } = compileFile(spec, { classes: 3 })
if (!graph) throw new Error(`${spec} does not compile`)
const model = await loadModel(graph, spec)
const random = new Random(5)
const images = Float32Array.from({ length: 2 * model.image.size ** 2 * 3 }, () => random.uniform(-1, 1))
let rightLosses: string | undefined

/** Three steps: from the second on the shapes are cached, and the third reads optimizer state that was updated. */
function training(): void {
  const learner = Learner.begin({ model, seed: 3 })
  try {
    const losses = [0, 1, 2]
      .map((step) => learner.accumulate({ images, labels: Int32Array.of(0, 2) }, { step, epoch: 0, rate: 0.01 }, true))
      .map((result) => result?.losses.total)
      .join()
    rightLosses ??= losses
    if (losses !== rightLosses) throw new WrongResult(`losses ${losses}, not ${rightLosses}`)
  } finally {
    learner.dispose()
  }
}

const works: Readonly<Record<string, () => void>> = {
  ...Object.fromEntries(
    Object.entries(customOps).flatMap(([name, check]) =>
      [1, 2, 3, 4].map((seed) => [`${name} ${seed}`, () => check(new Random(seed), maxElements)]),
    ),
  ),
  training,
}

/** @returns undefined if the workload succeeds or reports that it is out of memory, otherwise a description of the failure */
function outcome(work: () => void): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof WrongResult) return error.message
    if (outOfMemory(error) === undefined) return `not an error of memory: ${error}`
  }
  return undefined
}

/** Waits for pending calls. They may throw, such as a call that was rejected deliberately and whose output was not read. */
function synchronize(blocking: boolean): void {
  try {
    native().binding.setBlocking?.(blocking)
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

const ends = performance.now() + seconds * 1000

/** @returns whether there is time for more */
function sweep(variant: number, from: number): boolean {
  const { name, work, kind, blocking } = variants[variant] as Variant
  native().binding.setBlocking?.(blocking)
  // The first run fills the shape cache.
  work()
  arm(kind, -1)
  work()
  const { seen } = observed()
  const every = Math.max(1, Math.ceil(seen / maxCases))
  for (let before = from; before < seen; before += every) {
    if (performance.now() > ends) return false
    const place = {
      variant,
      before,
      name: `${name}, ${kind}, ${blocking ? 'blocking' : 'queued'}, allocation ${before}`,
    }
    say({ ...place, every })
    arm(kind, before)
    const found = outcome(work)
    const { failed } = observed()
    arm(undefined, 0)
    synchronize(blocking)
    const after = outcome(work)
    const finding = found ?? (after && `the next time: ${after}`)
    say({ ...place, every, failed, ...(finding && { finding: `${place.name}: ${finding}` }) })
  }
  arm(undefined, 0)
  return true
}

interface Variant {
  readonly name: string
  readonly work: () => void
  readonly kind: Kind
  readonly blocking: boolean
}

const only = process.argv[5]?.split(',')
const chosen = Object.entries(works).filter(([name]) => only === undefined || only.includes(name))
const variants = chosen.flatMap(([name, work]) =>
  (['addon', 'tensors'] as const).flatMap((kind): Variant[] =>
    [false, true].map((blocking) => ({ name, work, kind, blocking })),
  ),
)
const finished = variants.every(
  (_, variant) => variant < firstVariant || sweep(variant, variant === firstVariant ? firstBefore : 0),
)
say({ done: finished })
