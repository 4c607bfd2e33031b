import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { attribute, native, register } from './execute.js'

type Inputs = { readonly x: Tensor; readonly scale: Tensor1D; readonly offset: Tensor1D }
type Options = { readonly eps: number }

const run = register<Inputs, Options>({
  name: 'LayerNorm',
  savedInputs: ['x', 'scale'],
  // The last two are the mean and 1 / sqrt(variance + eps) of each row.
  savedOutputs: [false, true, true],
  forward: ({ x, scale, offset }, { eps }) =>
    native().executeMultipleOutputs('WsbanLayerNorm', [attribute.float('eps', eps)], [x, scale, offset], 3),
  gradient([dy], [x, scale, mean, inverseStd]) {
    const inputs = [dy, x, scale, mean, inverseStd].map((tensor) => tensor as Tensor)
    const [dx, dscale, doffset] = native().executeMultipleOutputs('WsbanLayerNormGrad', [], inputs, 3)
    return { x: () => dx as Tensor, scale: () => dscale as Tensor, offset: () => doffset as Tensor }
  },
})

/** Layer norm over the last axis. Requires custom ops. */
export function nativeLayerNorm(inputs: Inputs, options: Options): Tensor {
  return run(inputs, options)[0] as Tensor
}
