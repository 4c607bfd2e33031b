import { elementAt, present } from '../../../grammar/present.js'
import { type Dimension, shapeText } from '../../graph/graph.js'
import type { OnnxCall } from '../../targets/onnx/lowering.js'
import { keyword } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Inference, Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { product } from '../products/matmul.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { alignedPytorch, alignedTo, broadcast, combineBroadcast } from '../support/broadcasting.js'
import { elementsPerImage, floats, numbered, sizeOf, wrongRank } from '../support/shapes.js'
import { softmaxOf } from '../support/softmax.js'
import { map, permute, type Tensor } from '../support/tensor.js'

export const dotProductAttention: Operation = {
  name: 'dot_product_attention',
  documentation: {
    summary: 'Computes scaled dot-product attention of tokens, in several heads.',
    formula: String.raw`\operatorname{softmax}\left(s\, Q K^{\top} + B\right) V`,
    details:
      'out = softmax(scale q k^T + bias) v in each head, where the heads divide the features of q, k and v into equal parts. Axes before the tokens, such as windows, are computed one by one.',
    example:
      'rows   = reshape(trunk.layer3, [96, -1])\ntokens = permute(rows, [1, 0])\nout    = dot_product_attention(tokens, tokens, tokens, heads = 3)',
    source: 'Vaswani et al. 2017, equation 1; torch.nn.functional.scaled_dot_product_attention',
  },
  arguments: [
    tensorArgument('q', 'queries: tokens x features'),
    tensorArgument('k', 'keys: as many features as the queries'),
    tensorArgument('v', 'values: as many tokens as the keys'),
    {
      ...tensorArgument('bias', 'added before the softmax: heads x queries x keys, broadcasting'),
      default: null,
    },
    { name: 'heads', kind: { is: 'integer', from: 1 }, default: 1, meaning: 'number of heads' },
    {
      name: 'scale',
      kind: { is: 'number', above: 0 },
      default: null,
      meaning: 'factor of the products; by default 1 / sqrt(features of a head)',
    },
  ],
  typing: {
    infer(call) {
      const [q, k, v] = [call.type('q').shape, call.type('k').shape, call.type('v').shape]
      for (const name of ['q', 'k', 'v'])
        if (call.type(name).element !== 'float' || call.type(name).shape.length < 3)
          return wrongRank(call, name, 'tokens x features')
      const before = (shape: readonly Dimension[]) => shape.slice(1, -2).map(({ size }) => size)
      const fits =
        before(q).join() === before(k).join() &&
        before(q).join() === before(v).join() &&
        sizeAt(q, -1) === sizeAt(k, -1) &&
        sizeAt(k, -2) === sizeAt(v, -2)
      if (!fits) {
        const shapes = ['q', 'k', 'v'].map((name) => shapeText(call.type(name))).join(', ')
        return call.fail('attention-mismatch', { shapes }, ['q', 'k', 'v'])
      }
      for (const name of ['q', 'v']) {
        const features = sizeAt(call.type(name).shape, -1)
        if (features % call.number('heads') !== 0) {
          const values = { name: 'heads', value: String(call.number('heads')), range: `a divisor of ${features}` }
          return call.fail('out-of-range', { ...values, advice: `the features of \`${name}\`` }, [name])
        }
      }
      if (!biasFits(call)) return undefined
      return [floats([...q.slice(0, -1), elementAt(v, v.length - 1)])]
    },
    multiplyAdds: (call) =>
      elementsPerImage(call.type('q')) * sizeAt(call.type('k').shape, -2) +
      (elementsPerImage(call.type('v')) / sizeAt(call.type('v').shape, -2)) * scoresPerHead(call),
  },
  semantics: { lowPrecision: true },
  lowering: {
    layout: 'channels first',
    tfjs(call) {
      const bias = call.has('bias')
        ? call.tf(
            'reshape',
            call.input('bias'),
            source(`[${alignedTo(call.type('bias'), scoresRank(call)).join(', ')}]`),
          )
        : undefined
      const inputs = [call.input('q'), call.input('k'), call.input('v')]
      return call.genericRuntime(
        'dotProductAttention',
        ...inputs,
        call.options('heads', 'scale') ?? (bias && source('{}')),
        bias,
      )
    },
    pytorch: {
      expression(call) {
        const bias = call.has('bias')
          ? keyword('bias', alignedPytorch(call.input('bias'), call.type('bias').shape.length, scoresRank(call)))
          : undefined
        const inputs = [call.input('q'), call.input('k'), call.input('v')]
        return call.helper(python.dot_product_attention, ...inputs, call.keyword('heads'), call.keyword('scale'), bias)
      },
    },
    onnx: (call) => [attention(call)],
  },
  reference(call) {
    const heads = call.number('heads')
    const split = (x: Tensor) => headsExchanged({ shape: headShape(x.shape, heads), data: x.data })
    const [q, k, v] = [split(call.tensor('q')), split(call.tensor('k')), split(call.tensor('v'))]
    const order = k.shape.map((_, axis) => axis)
    const keys = permute(k, [...order.slice(0, -2), order.length - 1, order.length - 2])
    const scores = map(product(q, keys), (value) => value * scaleOf(call))
    const biased = call.has('bias')
      ? combineBroadcast([scores, call.tensor('bias')], (score, bias) => score + bias)
      : scores
    const out = headsExchanged(product(softmaxOf(biased), v))
    return [{ shape: [...call.tensor('q').shape.slice(0, -1), sizeAt(call.type('v').shape, -1)], data: out.data }]
  },
  cases: [
    { name: 'one head', inputs: tokens([2, 3, 4], [2, 5, 4], [2, 5, 6]) },
    { name: 'several heads', inputs: tokens([2, 3, 4], [2, 3, 4], [2, 3, 4]), arguments: { heads: 2 } },
    {
      name: 'windows with a bias',
      inputs: {
        ...tokens([1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]),
        bias: { shape: [1, 2, 2, 3, 3], fill: 'random' },
      },
      arguments: { heads: 2, scale: 0.5 },
    },
    {
      name: 'a bias of each image',
      inputs: { ...tokens([2, 3, 2], [2, 4, 2], [2, 4, 2]), bias: { shape: [2, 3, 4], fill: 'random' } },
    },
  ],
}

function tokens(q: readonly number[], k: readonly number[], v: readonly number[]) {
  const random = (shape: readonly number[]) => ({ shape, fill: 'random' }) as const
  return { q: random(q), k: random(k), v: random(v) }
}

/** The size of an axis counted from the end. */
function sizeAt(shape: readonly Dimension[], axis: number): number {
  return sizeOf(shape, shape.length + axis)
}

/** The scores have an axis for the heads before queries and keys. */
function scoresRank(call: Typed): number {
  return call.type('q').shape.length + 1
}

function scoresPerHead(call: Typed): number {
  return sizeAt(call.type('q').shape, -2) * sizeAt(call.type('k').shape, -2)
}

function scaleOf(call: Typed): number {
  return call.has('scale')
    ? call.number('scale')
    : 1 / Math.sqrt(sizeAt(call.type('q').shape, -1) / call.number('heads'))
}

function biasFits(call: Inference): boolean {
  if (!call.has('bias')) return true
  const [q, k] = [call.type('q').shape, call.type('k').shape]
  const heads = { name: 'heads', size: call.number('heads') }
  const rows = { name: numbered(q.length - 1), size: sizeAt(q, -2) }
  const columns = { name: numbered(q.length), size: sizeAt(k, -2) }
  const scores = floats([...q.slice(0, -2), heads, rows, columns])
  const joined = broadcast([scores, call.type('bias')])
  if (joined && shapeText(joined) === shapeText(scores)) return true
  const values = {
    name: 'bias',
    expected: `a tensor that broadcasts to ${shapeText(scores)}`,
    found: shapeText(call.type('bias')),
  }
  call.fail('wrong-rank', values, ['bias'])
  return false
}

function headShape(shape: readonly number[], heads: number): readonly number[] {
  const features = present(shape.at(-1), 'features')
  return [...shape.slice(0, -1), heads, features / heads]
}

/** Exchanges the axes of tokens and heads, which are the third and the second from the end. */
function headsExchanged(x: Tensor): Tensor {
  const order = x.shape.map((_, axis) => axis)
  const { length } = order
  return permute(x, [...order.slice(0, -3), length - 2, length - 3, length - 1])
}

function attention(call: OnnxCall): string {
  const heads = call.number('heads')
  const shape = call.type('q').shape
  const before = shape.slice(1, -2).map(({ size }) => present(size, 'a size'))
  const rank = shape.length + 1
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  const headsFirst = [...axes.slice(0, -3), rank - 2, rank - 3, rank - 1]
  const keysLast = [...axes.slice(0, -3), rank - 2, rank - 1, rank - 3]
  const split = (name: string, perm: readonly number[]) => {
    const type = call.type(name)
    const [count, features] = [sizeAt(type.shape, -2), sizeAt(type.shape, -1)]
    const parts = call.int64([0, ...before, count, heads, features / heads])
    const divided = call.add('Reshape', [call.input(name), parts], {}, `${name}_heads`)
    return call.add('Transpose', [divided], { perm }, `${name}_transposed`)
  }
  const products = call.add('MatMul', [split('q', headsFirst), split('k', keysLast)], {}, 'products')
  const scaled = call.add('Mul', [products, call.float(scaleOf(call))], {}, 'scaled')
  const scores = call.has('bias') ? call.add('Add', [scaled, biasOf(call, rank)], {}, 'scores') : scaled
  const weights = call.add('Softmax', [scores], { axis: -1 }, 'weights')
  const out = call.add('MatMul', [weights, split('v', headsFirst)], {}, 'heads')
  const joined = call.add('Transpose', [out], { perm: headsFirst }, 'transposed')
  const sizes = [0, ...before, sizeAt(shape, -2), sizeAt(call.type('v').shape, -1)]
  return call.add('Reshape', [joined, call.int64(sizes)])
}

function biasOf(call: OnnxCall, rank: number): string {
  const bias = call.type('bias')
  const missing = rank - bias.shape.length
  if (missing === 0) return call.input('bias')
  const axes = Array.from({ length: missing }, (_, index) => index + 1)
  return call.add('Unsqueeze', [call.input('bias'), call.int64(axes)], {}, 'bias')
}
