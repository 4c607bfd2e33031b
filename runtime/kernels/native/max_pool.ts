import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { Border } from '../pad.js'
import type { Both } from '../pair.js'
import { attribute, hasOwnOperations, native, register, windowAttributes } from './execute.js'

type Inputs = { readonly x: Tensor4D }
type Window = { readonly kernel: Both; readonly stride: Both; readonly border: Border }

function attributes({ kernel, stride, border }: Window) {
  return [...windowAttributes(stride, border), attribute.ints('ksize', [1, kernel[0], kernel[1], 1])]
}

const run = register<Inputs, Window>({
  name: 'MaxPool',
  keepsInputs: ['x'],
  keepsOutputs: [true],
  forward: ({ x }, window) => native().executeSingleOutput('MaxPool', attributes(window), [x]),
  gradient: ([dy], [x, y], window) => ({
    x: () => inputGradient([x as Tensor, y as Tensor, dy as Tensor], window),
  }),
})

function inputGradient(inputs: readonly Tensor[], window: Window): Tensor {
  if (!hasOwnOperations()) return native().executeSingleOutput('MaxPoolGrad', attributes(window), inputs)
  const { kernel, stride, border } = window
  const own = [
    attribute.ints('kernel', kernel),
    attribute.ints('stride', stride),
    attribute.ints('border', [border.top, border.left]),
  ]
  return native().executeSingleOutput('WsbanMaxPoolGrad', own, inputs)
}

/** Largest values of windows on the native engine; the border never wins. */
export function nativeMaxPool(x: Tensor4D, window: Window): Tensor4D {
  return run({ x }, window)[0] as Tensor4D
}
