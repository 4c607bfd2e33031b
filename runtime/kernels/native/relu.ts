import type { Tensor } from '@tensorflow/tfjs-core'
import { attribute, native, register } from './execute.js'

type Inputs = { readonly x: Tensor }
type NoAttributes = Record<string, never>

function registerRelu(name: 'Relu' | 'Relu6') {
  return register<Inputs, NoAttributes>({
    name,
    savedInputs: [],
    savedOutputs: [true],
    forward: ({ x }) => native().executeSingleOutput(name, [attribute.type('T', 'float32')], [x]),
    // The gradient needs the output only, which stays alive anyway as the next layer's saved input.
    gradient: ([dy], [y]) => ({
      x: () =>
        native().executeSingleOutput(`${name}Grad`, [attribute.type('T', 'float32')], [dy as Tensor, y as Tensor]),
    }),
  })
}

const runRelu = registerRelu('Relu')
const runRelu6 = registerRelu('Relu6')

export function nativeRelu(x: Tensor): Tensor {
  return runRelu({ x }, {})[0] as Tensor
}

export function nativeRelu6(x: Tensor): Tensor {
  return runRelu6({ x }, {})[0] as Tensor
}
