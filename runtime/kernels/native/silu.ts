import type { Tensor } from '@tensorflow/tfjs-core'
import { native, register } from './execute.js'

const run = register<{ readonly x: Tensor }, Record<string, never>>({
  name: 'Silu',
  savedInputs: ['x'],
  forward: ({ x }) => native().executeSingleOutput('WsbanSilu', [], [x]),
  gradient: ([dy], [x]) => ({
    x: () => native().executeSingleOutput('WsbanSiluGrad', [], [dy as Tensor, x as Tensor]),
  }),
})

/** SiLU. Requires custom ops. */
export function nativeSilu(x: Tensor): Tensor {
  return run({ x }, {})[0] as Tensor
}
