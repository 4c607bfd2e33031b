import type { Tensor } from '@tensorflow/tfjs-core'
import { attribute, native, register } from './execute.js'

type Inputs = { readonly x: Tensor }
type Options = { readonly tanh: boolean }

const run = register<Inputs, Options>({
  name: 'Gelu',
  savedInputs: ['x'],
  forward: ({ x }, { tanh }) => native().executeSingleOutput('WsbanGelu', [attribute.flag('tanh', tanh)], [x]),
  gradient: ([dy], [x], { tanh }) => ({
    x: () => native().executeSingleOutput('WsbanGeluGrad', [attribute.flag('tanh', tanh)], [dy as Tensor, x as Tensor]),
  }),
})

/** GELU, exact or with the approximation by tanh. Requires custom ops. */
export function nativeGelu(x: Tensor, options: Options): Tensor {
  return run({ x }, options)[0] as Tensor
}
