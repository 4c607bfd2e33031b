import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { hasCustomOps, native } from '../../runtime/kernels/native/execute.js'
import { nativeLayerNorm } from '../../runtime/kernels/native/layer_norm.js'
import { dotProductAttention, gelu, silu } from '../../runtime/operations/index.js'
import { everywhere, isHere } from './support.js'

/** Custom ops of transformers on sizes that fill several blocks, against the compositions that the other engines compute. */

for (const approximate of ['none', 'tanh'] as const)
  test.serial(`gelu, ${approximate}`, (t) =>
    everywhere(t, {
      inputs: { x: [3, 70_001] },
      compute: ({ x }) => gelu(tf.mul(x as Tensor, 6), { approximate }),
      tolerance: 1e-5,
    }),
  )

test.serial('silu', (t) =>
  everywhere(t, {
    inputs: { x: [3, 70_001] },
    compute: ({ x }) => silu(tf.mul(x as Tensor, 20)),
    tolerance: 1e-5,
  }),
)

const rows: readonly (readonly number[])[] = [
  [700, 64],
  [2, 19, 384],
  [3, 1, 2, 17],
  [5, 2500],
  [4, 1],
]

for (const shape of rows)
  for (const mean of [0, 100])
    test.serial(`layer norm of ${shape.join(' x ')} around ${mean}`, (t) =>
      everywhere(t, {
        inputs: { x: shape, scale: shape.slice(-1), offset: shape.slice(-1) },
        compute({ x, scale, offset }) {
          const all = {
            x: tf.add(x as Tensor, mean),
            scale: tf.add<Tensor1D>(scale as Tensor1D, 2),
            offset: offset as Tensor1D,
          }
          if (hasCustomOps()) return nativeLayerNorm(all, { eps: 1e-3 })
          const centred = tf.sub(all.x, tf.mean(all.x, -1, true))
          const variance = tf.mean(tf.square(centred), -1, true)
          return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-3))), all.scale), all.offset)
        },
        tolerance: mean === 0 ? 2e-4 : 5e-3,
      }),
    )

interface Attention {
  readonly name: string
  readonly outer: readonly number[]
  readonly heads: number
  readonly queries: number
  readonly keys: number
  readonly features: number
  readonly values: number
  /** The shape of the bias. */
  readonly bias?: readonly number[]
}

const common = { outer: [2], heads: 3, queries: 9, keys: 7, features: 5, values: 4 }
const attentions: readonly Attention[] = [
  { ...common, name: 'several blocks of queries', queries: 261, keys: 197, features: 64, values: 64 },
  { ...common, name: 'one more than a panel of keys', queries: 33, keys: 33, features: 33, values: 33 },
  { ...common, name: 'one query', queries: 1 },
  { ...common, name: 'one key', keys: 1 },
  { ...common, name: 'windows', outer: [2, 3] },
  { ...common, name: 'a bias of each head', outer: [2, 2], bias: [1, 1, 3, 9, 7] },
  { ...common, name: 'a bias of each window', outer: [2, 2], bias: [1, 2, 1, 9, 7] },
  { ...common, name: 'a bias of each image, several blocks', queries: 150, bias: [2, 1, 150, 7] },
  { ...common, name: 'a bias of each key', bias: [1, 1, 1, 7] },
  { ...common, name: 'a bias of each query', bias: [1, 3, 9, 1] },
]

for (const { name, outer, heads, queries, keys, features, values, bias } of attentions)
  test.serial(`attention: ${name}`, (t) =>
    everywhere(t, {
      inputs: {
        q: [...outer, queries, heads * features],
        k: [...outer, keys, heads * features],
        v: [...outer, keys, heads * values],
        ...(bias ? { bias } : {}),
      },
      compute: ({ q, k, v, bias }) =>
        dotProductAttention(tf.mul(q as Tensor, 3), k as Tensor, v as Tensor, { heads }, bias),
    }),
  )

test.serial('inputs of inconsistent shapes are rejected', async (t) => {
  if (!(await isHere('tfjs-node'))) return t.pass()
  tf.tidy(() => {
    const attend =
      (...shapes: number[][]) =>
      () =>
        dotProductAttention(
          ...(shapes.slice(0, 3).map((shape) => tf.zeros(shape)) as [Tensor, Tensor, Tensor]),
          { heads: 2 },
          shapes[3] && tf.zeros(shapes[3]),
        )
    t.notThrows(attend([1, 3, 4], [1, 5, 4], [1, 5, 2]))
    t.throws(attend([1, 3, 4], [1, 5, 4], [1, 6, 2]), { message: /^WsbanAttention: the shapes of q, k and v/ })
    t.throws(attend([1, 3, 4], [1, 5, 4], [1, 5, 3]), { message: /the shapes of q, k and v do not match/ })
    t.throws(attend([1, 3, 4], [1, 5, 4], [1, 5, 2], [1, 2, 3, 4]), { message: /the bias does not broadcast/ })
    const norm = (channels: number) =>
      nativeLayerNorm({ x: tf.zeros([2, 3]), scale: tf.zeros([channels]), offset: tf.zeros([3]) }, { eps: 1 })
    t.throws(() => norm(4), { message: /^WsbanLayerNorm: expected 3 values per channel vector, got 4/ })
    t.throws(
      () =>
        native().executeSingleOutput(
          'WsbanGeluGrad',
          [{ name: 'tanh', type: native().binding.TF_ATTR_BOOL, value: false }],
          [tf.zeros([2]), tf.zeros([3])],
        ),
      { message: /different shapes/ },
    )
    t.throws(() => native().executeSingleOutput('WsbanSiluGrad', [], [tf.zeros([2]), tf.zeros([3])]), {
      message: /different shapes/,
    })
  })
})
