import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { Padding } from '../pad.js'
import type { SpatialPair } from '../pair.js'
import { attribute, customWindow, hasCustomOps, native, register, windowAttributes } from './execute.js'

type Inputs = { readonly x: Tensor4D }
type Window = { readonly kernel: SpatialPair; readonly stride: SpatialPair; readonly padding: Padding }

function attributes({ kernel, stride, padding }: Window) {
  return [...windowAttributes(stride, padding), attribute.ints('ksize', [1, kernel[0], kernel[1], 1])]
}

const run = register<Inputs, Window>({
  name: 'MaxPool',
  savedInputs: ['x'],
  savedOutputs: [true],
  forward: ({ x }, window) => native().executeSingleOutput('MaxPool', attributes(window), [x]),
  gradient: ([dy], [x, y], window) => ({
    x: () => inputGradient([x as Tensor, y as Tensor, dy as Tensor], window),
  }),
})

function inputGradient(inputs: readonly Tensor[], window: Window): Tensor {
  if (!hasCustomOps()) return native().executeSingleOutput('MaxPoolGrad', attributes(window), inputs)
  const { kernel, stride, padding } = window
  return native().executeSingleOutput('WsbanMaxPoolGrad', customWindow(kernel, stride, padding), inputs)
}

/** Max pooling of NHWC maps on the native engine. Padding is never the maximum. */
export function nativeMaxPool(x: Tensor4D, window: Window): Tensor4D {
  return run({ x }, window)[0] as Tensor4D
}
