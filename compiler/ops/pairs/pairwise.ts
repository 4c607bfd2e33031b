import { keyword, literal } from '../../targets/pytorch/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { ofPairs, rowsOfImages, shapeMismatch } from '../support/pairs.js'
import { sameShape } from '../support/shapes.js'
import { at, rows, type Tensor, zeros } from '../support/tensor.js'

const isDistance = (call: Typed) => call.word('by') === 'squared_distance'
/** The argument that has the second image's rows. */
const second = (call: Typed) => (call.has('b') ? 'b' : 'a')

export const pairwise: Operation = {
  name: 'pairwise',
  documentation: {
    summary: 'Compares the row of each image with the rows of all images of the batch: one number for each pair.',
    formula: String.raw`y_{i,j} = \sum_k a_{i,k}\, b_{j,k} \quad\text{or}\quad \sum_k (a_{i,k} - b_{j,k})^2`,
    details:
      'y[i, j] = sum over k of a[i, k] b[j, k]; with by = squared_distance, sum over k of (a[i, k] - b[j, k])^2, which is never below 0 and exactly 0 for equal rows. Of rows that l2_normalize has scaled to length 1, the product is the cosine similarity. A squared distance takes memory for batch x batch x length of a row. The gradient reaches both images of a pair. A pair has meaning in training only, so no prediction may depend on it.',
    example:
      'row     = global_avg_pool(trunk.layer3)\nsimilar = pairwise(l2_normalize(row))\nfar     = pairwise(row, by = squared_distance)\nhardest = max(far * same_label(label), over = last)',
    source: 'torch.matmul with the transpose; sklearn.metrics.pairwise.euclidean_distances(squared = True)',
  },
  arguments: [
    tensorArgument('a', 'one row of numbers for each image'),
    {
      ...tensorArgument('b', "rows of the same length, for the second image of each pair; by default `a`'s"),
      default: null,
    },
    {
      name: 'by',
      kind: { is: 'word', words: ['product', 'squared_distance'] },
      default: 'product',
      meaning: 'product: the dot product; squared_distance: the squared Euclidean distance',
    },
  ],
  typing: {
    infer(call) {
      const batch = rowsOfImages(call, 'a')
      if (!batch || (call.has('b') && !rowsOfImages(call, 'b'))) return undefined
      if (!sameShape(call.type('a'), call.type(second(call)))) return shapeMismatch(call, 'pairwise', ['a', 'b'])
      return [ofPairs(batch)]
    },
  },
  semantics: { mixesImages: true },
  lowering: {
    tfjs: (call) =>
      call.runtime(
        isDistance(call) ? 'squaredDistances' : 'pairwiseProducts',
        call.input('a'),
        call.input(second(call)),
      ),
    pytorch: {
      expression: (call) =>
        call.helper(
          python.pairwise,
          call.input('a'),
          call.input(second(call)),
          isDistance(call) ? keyword('squared_distance', literal(true)) : undefined,
        ),
    },
    onnx: 'training only',
  },
  reference(call) {
    const [a, b] = [call.tensor('a'), call.tensor(second(call))]
    return [compared(a, b, isDistance(call) ? (left, right) => (left - right) ** 2 : (left, right) => left * right)]
  },
  cases: [
    { name: 'products of the images', inputs: { a: { shape: [3, 4], fill: 'random' } } },
    {
      name: 'products of two rows an image',
      inputs: { a: { shape: [3, 2], fill: 'random' }, b: { shape: [3, 2], fill: 'positive' } },
    },
    {
      name: 'squared distances',
      inputs: { a: { shape: [4, 3], fill: 'random' } },
      arguments: { by: 'squared_distance' },
    },
    {
      name: 'squared distances, with equal rows',
      inputs: {
        a: { shape: [3, 2], fill: { values: [1, -2, 1, -2, 0.5, 3] } },
        b: { shape: [3, 2], fill: { values: [1, -2, 0, 0, 1e-3, 3] } },
      },
      arguments: { by: 'squared_distance' },
    },
    { name: 'one image', inputs: { a: { shape: [1, 3], fill: 'random' } }, arguments: { by: 'squared_distance' } },
  ],
}

/** Returns, for each pair of rows, the sum of a number from each pair of their values. */
function compared(a: Tensor, b: Tensor, term: (left: number, right: number) => number): Tensor {
  const [count, length] = rows(a)
  const out = zeros([count, count])
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) {
      let sum = 0
      for (let k = 0; k < length; k++) sum += term(at(a, i * length + k), at(b, j * length + k))
      out.data[i * count + j] = sum
    }
  return out
}
