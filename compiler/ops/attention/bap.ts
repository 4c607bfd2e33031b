import type { OnnxCall } from '../../targets/onnx/lowering.js'
import type { OnnxBody } from '../../targets/onnx/program_builder.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, featureMap, floats, mapSizes, sizeOf, sizeText } from '../support/shapes.js'
import { size, sizes4, zeros } from '../support/tensor.js'
import { reader } from '../support/windows.js'

const mapsOf = (call: Typed) => sizeOf(call.type('attention').shape, 1)

export const bap: Operation = {
  name: 'bap',
  documentation: {
    summary: 'Bilinear attention pooling: pools the features under each attention map to one row per map.',
    formula: String.raw`P_{m,n} = \frac{1}{h w} \sum_{i,j} A_{m,i,j}\, F_{n,i,j}`,
    details:
      'part[m, n] = pool over cells of A[m, cell] F[n, cell], where pool is the mean, the sum or the maximum. With mean or sum this is the matrix product A F^T (divided by height x width). Since a map responds to the same part of the object in every image, each row describes one part.',
    example: 'parts = bap(features, attention, pool = mean)',
    source: 'arXiv 1808.02152 and 1901.09891, section 3.2; mean: the official WS-DAN code',
  },
  arguments: [
    tensorArgument('features', 'feature maps F'),
    tensorArgument('attention', 'attention maps A, of the same height and width'),
    {
      name: 'pool',
      kind: { is: 'word', words: ['mean', 'sum', 'max'] },
      default: 'mean',
      meaning: 'how the cells of a map are reduced to one number',
    },
  ],
  typing: {
    infer(call) {
      const features = featureMap(call, 'features')
      const attention = featureMap(call, 'attention')
      if (!features || !attention) return undefined
      const firstSize = sizeText(features.height, features.width)
      const secondSize = sizeText(attention.height, attention.width)
      if (firstSize !== secondSize) {
        const values = { callee: 'bap', first: 'features', second: 'attention', firstSize, secondSize }
        return call.fail('spatial-mismatch', values, ['features', 'attention'], `${firstSize} against ${secondSize}`)
      }
      return [floats([features.batch, dimension('maps', attention.channels), dimension('features', features.channels)])]
    },
    multiplyAdds(call) {
      const [channels, height, width] = mapSizes(call.type('features'))
      return mapsOf(call) * channels * height * width
    },
  },
  lowering: {
    tfjs: (call) => call.runtime('bap', call.input('features'), call.input('attention'), call.options('pool')),
    pytorch: {
      expression: (call) =>
        call.helper(python.bap, call.input('features'), call.input('attention'), call.keyword('pool')),
    },
    onnx: (call) => [call.word('pool') === 'max' ? largest(call) : product(call)],
  },
  reference(call) {
    const features = call.tensor('features')
    const attention = call.tensor('attention')
    const [batch, maps, height, width] = sizes4(attention)
    const channels = size(features, 1)
    const f = reader(features)
    const a = reader(attention)
    const pool = call.word('pool')
    const out = zeros([batch, maps, channels])
    let index = 0
    for (let b = 0; b < batch; b++)
      for (let m = 0; m < maps; m++)
        for (let n = 0; n < channels; n++) {
          const products: number[] = []
          for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) products.push(a(b, m, y, x) * f(b, n, y, x))
          const sum = products.reduce((total, value) => total + value, 0)
          out.data[index++] = pool === 'max' ? Math.max(...products) : pool === 'sum' ? sum : sum / products.length
        }
    return [out]
  },
  cases: [
    ...(['mean', 'sum', 'max'] as const).map((pool) => ({
      name: pool,
      inputs: {
        features: { shape: [2, 5, 3, 4], fill: 'random' as const },
        attention: { shape: [2, 3, 3, 4], fill: 'positive' as const },
      },
      arguments: { pool },
    })),
    {
      name: 'max over one map',
      inputs: {
        features: { shape: [2, 3, 3, 4], fill: 'random' },
        attention: { shape: [2, 1, 3, 4], fill: 'positive' },
      },
      arguments: { pool: 'max' },
    },
    {
      name: 'attention of zeros',
      inputs: { features: { shape: [1, 4, 3, 3], fill: 'random' }, attention: { shape: [1, 2, 3, 3], fill: 'zeros' } },
    },
    {
      name: 'one cell',
      inputs: {
        features: { shape: [1, 3, 1, 1], fill: 'random' },
        attention: { shape: [1, 2, 1, 1], fill: 'positive' },
      },
    },
  ],
}

function product(call: OnnxCall): string {
  const [channels, height, width] = mapSizes(call.type('features'))
  const cells = height * width
  // 0 keeps the batch dimension.
  const features = call.add('Reshape', [call.input('features'), call.int64([0, channels, cells])], {}, 'features')
  const attention = call.add(
    'Reshape',
    [call.input('attention'), call.int64([0, mapsOf(call), cells])],
    {},
    'attention',
  )
  const cellsByFeatures = call.add('Transpose', [features], { perm: [0, 2, 1] }, 'transpose')
  if (call.word('pool') === 'sum') return call.add('MatMul', [attention, cellsByFeatures])
  const sum = call.add('MatMul', [attention, cellsByFeatures], {}, 'matmul')
  return call.add('Div', [sum, call.float(cells)])
}

/** Map by map, since all products at once would be maps times the features' memory. */
function largest(call: OnnxCall): string {
  const features = call.input('features')
  const attention = call.input('attention')
  const axes = call.int64([2, 3])
  const one = call.int64([1])
  const body = (inner: OnnxBody) => {
    const index = inner.input('index', 'int64', [])
    const go = inner.input('go', 'bool', [])
    const start = inner.add('Unsqueeze', [index, call.int64([0])], 'start')
    const end = inner.add('Add', [start, one], 'end')
    const map = inner.add('Slice', [attention, start, end, one], 'map')
    const products = inner.add('Mul', [features, map], 'products')
    inner.output(inner.add('Identity', [go], 'go_on'), 'bool', [])
    const row = inner.add('ReduceMax', [products, axes], 'row', { keepdims: 0 })
    inner.output(row, 'float', ['batch', 'features'])
  }
  const [rows = ''] = call.loop({ step: 'maps', rounds: mapsOf(call), initial: [], body })
  return call.add('Transpose', [rows], { perm: [1, 0, 2] })
}
