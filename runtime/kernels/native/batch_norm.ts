import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import type { NativeAttribute } from '../../engines/native_parts.js'
import { attribute, native, register } from './execute.js'

/** Activations that the custom op applies in the same pass over memory. */
export type FusedActivation = 'none' | 'relu' | 'relu6' | 'silu' | 'hard_swish'

type Inputs = {
  readonly x: Tensor4D
  readonly scale: Tensor1D
  readonly offset: Tensor1D
  readonly mean: Tensor1D
  readonly variance: Tensor1D
}
type Options = { readonly eps: number; readonly momentum: number; readonly training: boolean }
type CustomOptions = { readonly eps: number; readonly momentum: number; readonly activation: FusedActivation }

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
  savedInputs: ['x', 'scale', 'mean', 'variance'],
  // The last three are reserved outputs, which TensorFlow's gradient reads.
  savedOutputs: [false, false, false, true, true, true],
  forward({ x, scale, offset, mean, variance }, { eps, momentum, training }) {
    const all = [...attributes(eps, training), attribute.float('exponential_avg_factor', training ? momentum : 1)]
    return native().executeMultipleOutputs('FusedBatchNormV3', all, [x, scale, offset, mean, variance], 6)
  },
  gradient([dy], [x, scale, mean, variance, ...reserved], { eps, training }) {
    // In inference the kernel does not write the first two reserved outputs. The running statistics replace them, as in TensorFlow's gradient.
    const statistics = training ? reserved : [mean, variance, reserved[2]]
    const inputs = [dy, x, scale, ...statistics].map((tensor) => tensor as Tensor)
    const [dx, dscale, doffset] = native().executeMultipleOutputs(
      'FusedBatchNormGradV3',
      attributes(eps, training),
      inputs,
      5,
    )
    return { x: () => dx as Tensor, scale: () => dscale as Tensor, offset: () => doffset as Tensor }
  },
})

/** Training mode with wsban's custom op. */
const runCustom = register<Inputs, CustomOptions>({
  name: 'CustomBatchNorm',
  savedInputs: ['x', 'scale', 'offset'],
  // The last two are the batch mean and 1 / sqrt(variance + eps).
  savedOutputs: [false, false, false, true, true],
  forward({ x, scale, offset, mean, variance }, { eps, momentum, activation }) {
    const all = [
      attribute.float('eps', eps),
      attribute.float('momentum', momentum),
      attribute.text('activation', activation),
    ]
    return native().executeMultipleOutputs('WsbanBatchNorm', all, [x, scale, offset, mean, variance], 5)
  },
  gradient([dy], [x, scale, offset, mean, inverseStd], { activation }) {
    const inputs = [dy, x, scale, offset, mean, inverseStd].map((tensor) => tensor as Tensor)
    const all = [attribute.text('activation', activation)]
    const [dx, dscale, doffset] = native().executeMultipleOutputs('WsbanBatchNormGrad', all, inputs, 3)
    return { x: () => dx as Tensor, scale: () => dscale as Tensor, offset: () => doffset as Tensor }
  },
})

type Normalised = { y: Tensor4D; mean: Tensor1D; variance: Tensor1D }

/** Returns the normalised NHWC maps and, in training, the updated running statistics (with the unbiased variance). */
export function nativeBatchNorm(inputs: Inputs, options: Options): Normalised {
  return normalised(run(inputs, options))
}

/** The same in training, with an activation applied to the maps. Requires custom ops. */
export function fusedBatchNorm(inputs: Inputs, options: CustomOptions): Normalised {
  return normalised(runCustom(inputs, options))
}

function normalised([y, mean, variance]: readonly Tensor[]): Normalised {
  return { y: y as Tensor4D, mean: mean as Tensor1D, variance: variance as Tensor1D }
}
