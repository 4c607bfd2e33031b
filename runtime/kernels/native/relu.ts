import type { Tensor } from '@tensorflow/tfjs-core'
import { attribute, native, register } from './execute.js'

type Inputs = { readonly x: Tensor }
type Nothing = Record<string, never>

function kernel(name: 'Relu' | 'Relu6') {
  return register<Inputs, Nothing>({
    name,
    keepsInputs: [],
    keepsOutputs: [true],
    forward: ({ x }) => native().executeSingleOutput(name, [attribute.type('T', 'float32')], [x]),
    // The output tells as much as the input, and lives anyway: the next layer keeps it.
    gradient: ([dy], [y]) => ({
      x: () =>
        native().executeSingleOutput(`${name}Grad`, [attribute.type('T', 'float32')], [dy as Tensor, y as Tensor]),
    }),
  })
}

const runRelu = kernel('Relu')
const runRelu6 = kernel('Relu6')

export function nativeRelu(x: Tensor): Tensor {
  return runRelu({ x }, {})[0] as Tensor
}

export function nativeRelu6(x: Tensor): Tensor {
  return runRelu6({ x }, {})[0] as Tensor
}
