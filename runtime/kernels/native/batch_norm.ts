import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import type { NativeAttribute } from '../../engines/native_parts.js'
import { attribute, hasOwnOperations, native, register } from './execute.js'

type Inputs = {
  readonly x: Tensor4D
  readonly scale: Tensor1D
  readonly offset: Tensor1D
  readonly mean: Tensor1D
  readonly variance: Tensor1D
}
type Options = { readonly eps: number; readonly momentum: number; readonly training: boolean }

function attributes(eps: number, training: boolean): NativeAttribute[] {
  return [
    attribute.type('T', 'float32'),
    attribute.type('U', 'float32'),
    attribute.float('epsilon', eps),
    attribute.text('data_format', 'NHWC'),
    attribute.flag('is_training', training),
  ]
}

const run = register<Inputs, Options>({
  name: 'BatchNorm',
  keepsInputs: ['x', 'scale', 'mean', 'variance'],
  // The last three are TensorFlow's own notes for the gradient.
  keepsOutputs: [false, false, false, true, true, true],
  forward({ x, scale, offset, mean, variance }, { eps, momentum, training }) {
    const told = [...attributes(eps, training), attribute.float('exponential_avg_factor', training ? momentum : 1)]
    return native().executeMultipleOutputs('FusedBatchNormV3', told, [x, scale, offset, mean, variance], 6)
  },
  gradient([dy], [x, scale, mean, variance, ...notes], { eps, training }) {
    // After training the kernel leaves the first two notes unwritten: the averages stand in their places, as in TensorFlow's own gradient.
    const told = training ? notes : [mean, variance, notes[2]]
    const inputs = [dy, x, scale, ...told].map((tensor) => tensor as Tensor)
    const [dx, dscale, doffset] = native().executeMultipleOutputs(
      'FusedBatchNormGradV3',
      attributes(eps, training),
      inputs,
      5,
    )
    return { x: () => dx as Tensor, scale: () => dscale as Tensor, offset: () => doffset as Tensor }
  },
})

/** In training, by an operation of our own. */
const runOwn = register<Inputs, Options>({
  name: 'OwnBatchNorm',
  keepsInputs: ['x', 'scale'],
  // The last two are the batch's mean and the inverse of its deviation.
  keepsOutputs: [false, false, false, true, true],
  forward({ x, scale, offset, mean, variance }, { eps, momentum }) {
    const told = [attribute.float('eps', eps), attribute.float('momentum', momentum)]
    return native().executeMultipleOutputs('WsbanBatchNorm', told, [x, scale, offset, mean, variance], 5)
  },
  gradient([dy], [x, scale, mean, inverse]) {
    const inputs = [dy, x, scale, mean, inverse].map((tensor) => tensor as Tensor)
    const [dx, dscale, doffset] = native().executeMultipleOutputs('WsbanBatchNormGrad', [], inputs, 3)
    return { x: () => dx as Tensor, scale: () => dscale as Tensor, offset: () => doffset as Tensor }
  },
})

/** Normalised maps and, in training, the running averages after this batch (the variance unbiased). */
export function nativeBatchNorm(inputs: Inputs, options: Options): { y: Tensor4D; mean: Tensor1D; variance: Tensor1D } {
  const [y, mean, variance] = options.training && hasOwnOperations() ? runOwn(inputs, options) : run(inputs, options)
  return { y: y as Tensor4D, mean: mean as Tensor1D, variance: variance as Tensor1D }
}
