import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { className } from '../../compiler/targets/pytorch/python.js'
import { trainingSteps } from '../../compiler/training/training_steps.js'
import { type Batch, trainBatches } from '../../runtime/data/batches.js'
import { writeSampleBirds } from '../../runtime/data/birds/index.js'
import { ImageSource } from '../../runtime/data/image_source.js'
import { openDataSet } from '../../runtime/data/open.js'
import { openEngine } from '../../runtime/engines/index.js'
import { writeTarget } from '../../runtime/export/target.js'
import { loadModel } from '../../runtime/generated/load.js'
import type { Model } from '../../runtime/model.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { type Checkpoint, writeCheckpoint } from '../../runtime/runs/checkpoint.js'
import { compileText } from '../../runtime/specs/spec.js'
import { readSpec } from '../../runtime/specs/spec_file.js'
import { Learner } from '../../runtime/training/learner.js'
import { beginning } from '../../runtime/training/train.js'
import { readSafetensors, writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import type { StoredTensor } from '../../runtime/weights/weight_file.js'
import { deterministicTiny } from '../support/deterministic_tiny.js'
import { lacksModules, runPython, skipped } from '../support/python.js'
import { tensorsApart } from '../support/run_files.js'

/**
 * Compares training steps of wsban_tiny in TensorFlow.js and in the generated PyTorch code, with the same seed and augmented images of the sample
 * birds: without randomness within a step (no dropout, one threshold for the crop), and with the same random masks and thresholds, which PyTorch
 * draws from wsban's generator.
 */
const seed = 1
const steps = 10
const half = 5
/**
 * Relative to a tensor's largest value (or absolute below 1): weights, statistics and centres after one step and after ten, and the optimizer state
 * after one. Both engines compute in single precision, where a value near zero that passes a relu or not changes a gradient by some thousandths.
 * After ten steps they may differ by twice the difference between PyTorch with one thread and with two, if that is more.
 */
const tolerance = { step: 1e-5, end: 1e-3, slots: 1e-3 }
/** With random thresholds a map's value may lie at the threshold, so that a box is one position larger in one engine. */
const endOfDrawn = 1e-2

const lacking = lacksModules('torch', 'safetensors')
const folder = mkdtempSync(join(tmpdir(), 'wsban-steps-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const path = join(packageRoot(), 'models', 'wsban_tiny.wsban')
const drawn = readSpec(path)

interface Subject {
  readonly text: string
  readonly optimizer: string
  readonly rate: number
}

let batches: Batch[] = []

async function modelWith({ optimizer, text }: Subject, code: string): Promise<Model> {
  const spec = compileText(path, text, { classes: 8 }, [`optimizer=${optimizer}`])
  const { graph, stored, diagnostics } = spec
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  await writeTarget({ ...spec, graph }, { target: 'pytorch', out: code, seed })
  return loadModel(graph, stored.entry)
}

test.before(async () => {
  await openEngine(undefined, silent)
  if (lacking) return
  const birds = join(folder, 'birds')
  await writeSampleBirds(birds, { seed, size: 'small' }, silent)
  const data = await openDataSet(birds, { seed })
  const model = await modelWith({ optimizer: 'sgd(rate=0.1)', rate: 0.1, text: deterministicTiny }, join(folder, 'any'))
  const { size } = model.image
  const images = new ImageSource({ reporter: silent, cacheBytes: 0 })
  const made = trainBatches(data.splits.train, { size, steps: trainingSteps(model), batch: 16, images, seed, epoch: 0 })
  for await (const batch of made) {
    batches = [...batches, batch]
    if (batches.length === steps) break
  }
  const tensors = batches.flatMap(({ images, labels }, k): [string, StoredTensor][] => [
    [`image/${k}`, { shape: [labels.length, size, size, 3], values: images }],
    [`label/${k}`, { shape: [labels.length], values: Float32Array.from(labels) }],
  ])
  await writeSafetensors(join(folder, 'batches.safetensors'), { tensors: new Map(tensors), metadata: {} })
})

for (const subject of [
  { optimizer: 'sgd(rate=0.02, momentum=0.9)', rate: 0.02, text: deterministicTiny },
  { optimizer: 'sgd(rate=0.02, momentum=0.9)', rate: 0.02, text: drawn },
  // Beside a small eps Adam makes full steps of gradients that are rounding alone.
  { optimizer: 'adam(rate=0.002, eps=0.1)', rate: 0.002, text: deterministicTiny },
])
  test.serial(
    `ten steps, and from one engine to the other in the middle: ${subject.optimizer}${subject.text === drawn ? ', dropout and thresholds drawn alike' : ''}`,
    async (t) => {
      if (skipped(t, lacking)) return
      const place = join(folder, `${subject.optimizer.slice(0, 4)} ${subject.text === drawn ? 'drawn' : 'settled'}`)
      const code = join(place, 'code')
      mkdirSync(place)
      const model = await modelWith(subject, code)
      const ours = (step: number) => join(place, 'ours', String(step))
      const theirs = (step: number) => join(place, 'theirs', String(step))
      const after = (step: number) => join(place, 'after ours', String(step))

      const learner = Learner.begin({ model, seed })
      await keep(learner, ours(0), 0)
      await takeSteps(learner, subject, 0, steps, (step) => keep(learner, ours(step), step))
      learner.dispose()
      const python = (start: string, out: string, first: number, threads?: number) => {
        const optimizer = { name: model.plan.optimizer.name, ...model.plan.optimizer.arguments }
        const own = { code, model: className([model.name]), start, out, first, last: steps }
        const task = {
          ...own,
          optimizer,
          rate: subject.rate,
          clip: model.plan.clip,
          seed,
          threads,
          batches: join(folder, 'batches.safetensors'),
        }
        runPython([join(packageRoot(), 'test', 'pytorch', 'run_steps.py')], JSON.stringify(task))
      }
      python(ours(0), join(place, 'theirs'), 0)
      const apart: number[] = []
      for (let step = 1; step <= steps; step++)
        apart.push((await tensorsApart(ours(step), theirs(step), 'weights')).most)
      t.log(`largest difference after each step: ${apart.map((one) => one.toExponential(1)).join(', ')}`)
      t.true((apart[0] ?? 1) <= tolerance.step, `after one step: ${apart[0]}`)
      // How far PyTorch is from itself with another number of threads: rounding that grows from step to step.
      const byThreads = (threads: number) => join(place, `theirs, ${threads} threads`)
      for (const threads of [1, 2]) python(ours(0), byThreads(threads), 0, threads)
      const last = String(steps)
      const own = (await tensorsApart(join(byThreads(1), last), join(byThreads(2), last), 'weights')).most
      t.log(`PyTorch with one thread from PyTorch with two, after ${steps}: ${own.toExponential(1)}`)
      const end = Math.max(subject.text === drawn ? endOfDrawn : tolerance.end, 2 * own)
      t.true((apart.at(-1) ?? 1) <= end, `after ${steps}: ${apart.at(-1)}`)

      // Each engine resumes from the other's checkpoint, including the optimizer state.
      python(ours(half), join(place, 'after ours'), half)
      await close(t, ours(half + 1), after(half + 1), 'ours, gone on in PyTorch')
      const { tensors } = await readSafetensors(join(theirs(half), 'weights.safetensors'))
      const { tensors: slots } = await readSafetensors(join(theirs(half), 'optimizer.safetensors'))
      const state = { ...beginning, step: half, optimizerSteps: half }
      const restored = Learner.restore({ model, seed }, { tensors, slots, state }, theirs(half))
      const read = join(place, 'theirs, read')
      await keep(restored, read, half)
      for (const file of ['weights', 'optimizer'] as const)
        t.is((await tensorsApart(theirs(half), read, file)).most, 0, `${file} come over as they are`)
      const back = join(place, 'after theirs')
      await takeSteps(restored, subject, half, half + 1, () => keep(restored, back, half + 1))
      restored.dispose()
      await close(t, theirs(half + 1), back, "PyTorch's, gone on in ours")
    },
  )

async function takeSteps(
  learner: Learner,
  { rate }: Subject,
  first: number,
  last: number,
  done: (step: number) => Promise<void>,
): Promise<void> {
  for (let step = first; step < last; step++) {
    const batch = batches[step]
    if (!batch) throw new Error(`no batch ${step}`)
    learner.accumulate(batch, { step, epoch: step / 30, rate }, true)
    await done(step + 1)
  }
}

async function keep(learner: Learner, place: string, step: number): Promise<void> {
  const checkpoint: Checkpoint = await learner.checkpoint({ ...beginning, step })
  mkdirSync(dirname(place), { recursive: true })
  await writeCheckpoint(place, checkpoint, 'wsban_tiny')
}

/** One step after a change of engines: both went the same way. */
async function close(t: ExecutionContext, one: string, other: string, what: string): Promise<void> {
  const weights = await tensorsApart(one, other, 'weights')
  const slots = await tensorsApart(one, other, 'optimizer')
  t.log(`${what}: weights ${weights.most.toExponential(1)}, optimizer ${slots.most.toExponential(1)}`)
  t.true(weights.most <= tolerance.step, `${what}: ${weights.where} differs by ${weights.most}`)
  t.true(slots.most <= tolerance.slots, `${what}: ${slots.where} differs by ${slots.most}`)
}
