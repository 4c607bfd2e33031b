import '@tensorflow/tfjs-core/dist/register_all_gradients.js'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { trainingSteps } from '../../../compiler/training/training_steps.js'
import { trainBatches } from '../../../runtime/data/batches.js'
import type { DataSet } from '../../../runtime/data/dataset.js'
import { batchesInEpoch } from '../../../runtime/data/epoch_order.js'
import { addTrainingKernels } from '../../../runtime/engines/wasm/training_kernels.js'
import { EnginePredictor } from '../../../runtime/inference/engine.js'
import { scoreValue } from '../../../runtime/inference/evaluate.js'
import { evaluateSplit } from '../../../runtime/inference/evaluate_split.js'
import type { Model } from '../../../runtime/model.js'
import { bytesOf } from '../../../runtime/page/answer.js'
import { balancedWeights } from '../../../runtime/training/class_weights.js'
import { Learner } from '../../../runtime/training/learner.js'
import { baseRate, makeSchedule } from '../../../runtime/training/schedules.js'
import { safetensorsPieces } from '../../../runtime/weights/formats/safetensors_pieces.js'
import type { StoredTensor } from '../../../runtime/weights/weight_file.js'
import type { EncodedPhoto, TrainingBirds } from '../birds/sample_birds.js'
import { answerRequests } from './answering.js'
import { BirdsImages } from './birds_images.js'
import { loadGenerated } from './generated_modules.js'
import type { TrainingRequests } from './training_requests.js'

/** TensorFlow.js's WebAssembly, in base64; the build puts it there. */
declare const wsbanTensorflow: string

let stopped = false

answerRequests<TrainingRequests>({
  async train({ modules, birds, seed }, tell) {
    stopped = false
    await openEngine()
    const model = loadGenerated(modules)
    checkClasses(model, birds)
    return train(model, birds, seed, tell)
  },
  async stop() {
    stopped = true
    return undefined
  },
})

let opening: Promise<void> | undefined

function openEngine(): Promise<void> {
  opening ??= (async () => {
    const url = URL.createObjectURL(new Blob([await bytesOf(wsbanTensorflow)], { type: 'application/wasm' }))
    // The binary without threads, as under Node: with threads the order of sums differs.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
    setWasmPaths({
      'tfjs-backend-wasm.wasm': url,
      'tfjs-backend-wasm-simd.wasm': url,
      'tfjs-backend-wasm-threaded-simd.wasm': url,
    })
    await tf.setBackend('wasm')
    await tf.ready()
    addTrainingKernels()
  })()
  return opening
}

function checkClasses({ classes, signature }: Model, birds: TrainingBirds): void {
  if (signature || classes !== birds.classes.length)
    throw new Error(
      `the sample birds have one label, one of ${birds.classes.length} classes: this model needs other data, which wsban train takes`,
    )
}

function dataOf({ classes, train, val }: TrainingBirds): DataSet {
  const samples = (photos: readonly EncodedPhoto[]) => photos.map(({ path, label }) => ({ path, label }))
  return { root: '', classes, splits: { train: samples(train), val: samples(val), test: [] }, notes: [] }
}

type Tell = (told: TrainingRequests['train']['tells']) => void

/** Trains as `wsban train` does on the WebAssembly engine: the same order, augmentation, random numbers and kernels. */
async function train(
  model: Model,
  birds: TrainingBirds,
  seed: number,
  tell: Tell,
): Promise<TrainingRequests['train']['answers']> {
  const { plan, views } = model
  const { epochs, batch, accumulate } = plan
  const data = dataOf(birds)
  const images = new BirdsImages([...birds.train, ...birds.val])
  const learner = Learner.begin({
    model,
    seed,
    ...(plan.classWeights === 'balanced' && { classWeights: balancedWeights(data) }),
  })
  const predictor = new EnginePredictor(model, data.classes, learner.weights)
  const schedule = makeSchedule(plan.schedule)
  const batches = batchesInEpoch(data.splits.train.length, batch)
  const stepsPerEpoch = Math.ceil(batches / accumulate)
  let best: { readonly top1: number; readonly tensors: ReadonlyMap<string, StoredTensor> } | undefined
  let step = 0
  try {
    for (let epoch = 0; epoch < epochs && !stopped; epoch++) {
      const began = performance.now()
      let [inEpoch, taken, lossSum] = [0, 0, 0]
      const made = trainBatches(data.splits.train, {
        size: model.image.size,
        steps: trainingSteps(model),
        batch,
        seed,
        epoch,
        images,
        ...(plan.sampler && { sampler: plan.sampler }),
        ...(plan.mix && { mix: plan.mix }),
        ...(views && { views }),
      })
      for await (const one of made) {
        taken++
        const done = epoch + inEpoch / stepsPerEpoch
        const last = taken % accumulate === 0 || taken === batches
        const result = learner.accumulate(
          one,
          { step, epoch: done, rate: baseRate(plan.optimizer) * schedule(done, epochs) },
          last,
        )
        // Lets a request to stop in.
        await new Promise((settle) => setImmediate(settle))
        if (!result) continue
        inEpoch++
        step++
        const { total: loss = Number.NaN } = result.losses
        lossSum += loss
        tell({
          kind: 'step',
          epoch: epoch + 1,
          epochs,
          step,
          steps: stepsPerEpoch * epochs,
          loss,
          imagesPerSecond: (taken * batch * 1000) / (performance.now() - began),
        })
        if (stopped) break
      }
      learner.reset()
      if (stopped) break
      const scores = await evaluateSplit(predictor, data, { split: 'val', batch, images, interrupted: () => stopped })
      const top1 = scores && scoreValue(scores)
      if (top1 === undefined) break
      if (top1 > (best?.top1 ?? Number.NEGATIVE_INFINITY)) best = { top1, tensors: await learner.weights.read() }
      const seconds = (performance.now() - began) / 1000
      tell({ kind: 'epoch', epoch: epoch + 1, epochs, loss: lossSum / inEpoch, top1, seconds })
    }
    const tensors = best?.tensors ?? (await learner.weights.read())
    return { weights: await fileOf(tensors), top1: best?.top1 }
  } finally {
    learner.dispose()
  }
}

async function fileOf(tensors: ReadonlyMap<string, StoredTensor>): Promise<Uint8Array<ArrayBuffer>> {
  const entries = [...tensors].map(([name, { shape, values }]) => {
    const bytes = async () => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    return [name, { dtype: 'F32', shape, bytes }] as const
  })
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for await (const piece of safetensorsPieces(new Map(entries), {})) pieces.push(new Uint8Array(piece))
  return new Uint8Array(await new Blob(pieces).arrayBuffer())
}
