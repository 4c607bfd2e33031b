import type { Tensor } from '@tensorflow/tfjs-core'
import { attribute, native, register } from './execute.js'

type Inputs = { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor; readonly bias: Tensor }
type Options = { readonly heads: number; readonly scale: number }

function attributes({ heads, scale }: Options) {
  return [attribute.int('heads', heads), attribute.float('scale', scale)]
}

const run = register<Inputs, Options>({
  name: 'Attention',
  savedInputs: ['q', 'k', 'v', 'bias'],
  // The last two are the maximum and 1 / the sum of the softmax of each query.
  savedOutputs: [false, true, true],
  forward: ({ q, k, v, bias }, options) =>
    native().executeMultipleOutputs('WsbanAttention', attributes(options), [q, k, v, bias], 3),
  gradient([dy], saved, options) {
    const inputs = [dy as Tensor, ...saved]
    const [dq, dk, dv, dbias] = native().executeMultipleOutputs('WsbanAttentionGrad', attributes(options), inputs, 4)
    return { q: () => dq as Tensor, k: () => dk as Tensor, v: () => dv as Tensor, bias: () => dbias as Tensor }
  },
})

/**
 * softmax(scale q k^T + bias) v in each head. The bias has the rank of the scores, [..., heads, queries, keys], or is a vector without elements.
 * Requires custom ops.
 */
export function nativeAttention(inputs: Inputs, options: Options): Tensor {
  return run(inputs, options)[0] as Tensor
}
