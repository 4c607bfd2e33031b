import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '../../../compiler/ops/support/tensor.js'
import { permute } from '../../../compiler/ops/support/tensor.js'
import type { Batch } from '../../../runtime/data/batches.js'
import { EnginePredictor } from '../../../runtime/inference/engine.js'
import type { Model } from '../../../runtime/model.js'
import { computeGradients } from '../../../runtime/training/gradients.js'
import { WeightStore } from '../../../runtime/weights/store.js'
import type { StoredTensor } from '../../../runtime/weights/weight_file.js'
import type { ReferenceInputs, Tensors } from './reference.js'

/** The results of a model on one engine. */
export interface Outcome {
  /** Outputs in inference, by their names in the exported file. */
  readonly answers: Tensors
  /** Losses of a training step by name. */
  readonly losses: Tensors
  readonly gradients: Tensors
  /** Statistics and centres after the step. */
  readonly updates: Tensors
}

/** Runs a model on the current engine: one prediction, and the gradients of one training step. */
export async function runOnEngine(prediction: Model, training: Model, inputs: ReferenceInputs): Promise<Outcome> {
  const before = tf.memory().numTensors
  const answers = await predict(prediction, inputs)
  const step = await trainingStep(training, inputs)
  const left = tf.memory().numTensors - before
  if (left !== 0) throw new Error(`${left} tensors leaked`)
  return { answers, ...step }
}

function channelsLast({ image }: ReferenceInputs): Float32Array {
  return Float32Array.from(permute(image, [0, 2, 3, 1]).data)
}

function storeOf(model: Model, inputs: ReferenceInputs): WeightStore {
  return WeightStore.from(model.parameters, storedParameters(model, inputs), 'the fuzzer')
}

/** A model's parameters as a checkpoint has them. */
export function storedParameters(model: Model, { parameters }: ReferenceInputs): Map<string, StoredTensor> {
  return new Map(
    model.parameters.map(({ name, shape }) => {
      const values = parameters.get(name)
      if (!values) throw new Error(`no parameter ${name}`)
      return [name, { shape, values: Float32Array.from(values.data) }] as const
    }),
  )
}

/** Returns the images and labels as a training batch. */
export function batchOf(inputs: ReferenceInputs, { signature }: Model): Pick<Batch, 'images' | 'labels' | 'targets'> {
  const targets = signature?.labels.map(({ name }) => {
    const { data } = inputs.others.get(name) ?? inputs.label
    return [name, Float32Array.from(data)] as const
  })
  return {
    images: channelsLast(inputs),
    labels: Int32Array.from(inputs.label.data),
    ...(targets && { targets: Object.fromEntries(targets) }),
  }
}

async function predict(model: Model, inputs: ReferenceInputs): Promise<Tensors> {
  const predictor = new EnginePredictor(model, [], storeOf(model, inputs))
  try {
    const batch = inputs.image.shape[0] ?? 0
    const outputs = await predictor.run(channelsLast(inputs), batch)
    return new Map(
      Object.entries(outputs).map(([name, { values, shape }]) => [name, { shape, data: Float64Array.from(values) }]),
    )
  } finally {
    await predictor.close()
  }
}

async function trainingStep(model: Model, inputs: ReferenceInputs): Promise<Omit<Outcome, 'answers'>> {
  const weights = storeOf(model, inputs)
  const batch = batchOf(inputs, model)
  const losses = new Map<string, Tensor>()
  const gradients = new Map<string, Tensor>()
  tf.tidy(() => {
    const found = computeGradients(model, batch, weights, weights.trainable, { key: inputs.key })
    const values = found.losses.dataSync()
    for (const [index, name] of found.names.entries())
      losses.set(name, { shape: [], data: Float64Array.of(values[index] ?? Number.NaN) })
    found.losses.dispose()
    for (const [name, gradient] of found.gradients)
      gradients.set(
        name,
        canonical(model, name, { shape: gradient.shape, data: Float64Array.from(gradient.dataSync()) }),
      )
  })
  const after = await weights.read()
  weights.dispose()
  const updates = new Map<string, Tensor>()
  for (const { name, shape, trainable } of model.parameters) {
    const tensor = after.get(name)
    if (!trainable && tensor) updates.set(name, { shape, data: Float64Array.from(tensor.values) })
  }
  return { losses, gradients, updates }
}

/** A gradient in the shape of its parameter in checkpoints. */
function canonical(model: Model, name: string, value: Tensor): Tensor {
  const spec = model.parameters.find((one) => one.name === name)
  if (!spec?.layout) return value
  const back = spec.layout.map((_, axis) => spec.layout?.indexOf(axis) ?? axis)
  return permute(value, back)
}
