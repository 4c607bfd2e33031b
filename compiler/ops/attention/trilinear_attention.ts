import { elementAt } from '../../../grammar/present.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { featureMap, mapSizes } from '../support/shapes.js'
import { sizes4, zeros } from '../support/tensor.js'
import { reader } from '../support/windows.js'

export const trilinearAttention: Operation = {
  name: 'trilinear_attention',
  documentation: {
    summary:
      'Computes attention maps from the relations between channels: each map is a mixture of the correlated channels.',
    formula: String.raw`M(X) = N_2\left(N_1(X)\, X^{\top}\right) X`,
    details:
      'M(X) = N2(N1(X) X^T) X, where the rows of X are the channels. N1 is a softmax over space of scale x X, N2 a softmax over each row of the relation matrix. There is one map per channel.',
    example: 'maps = trilinear_attention(trunk.layer3)',
    source: "arXiv 1903.06150, equations 2 and 3; scale 7: the authors' code",
  },
  arguments: [
    tensorArgument('x', 'feature maps'),
    {
      name: 'scale',
      kind: { is: 'number', above: 0 },
      default: 7,
      meaning: 'factor of the features before the softmax over space; larger values give sharper maps',
      source: "the authors' code",
      varies: true,
    },
  ],
  typing: {
    infer: (call) => featureMap(call, 'x') && [call.type('x')],
    multiplyAdds(call) {
      const [channels, height, width] = mapSizes(call.type('x'))
      return 2 * channels ** 2 * height * width
    },
  },
  lowering: {
    tfjs: (call) => call.runtime('trilinearAttention', call.input('x'), call.options('scale')),
    pytorch: {
      expression: (call) => call.helper(python.trilinear_attention, call.input('x'), call.keyword('scale')),
    },
    onnx(call) {
      const [channels, height, width] = mapSizes(call.type('x'))
      const rows = call.int64([0, channels, height * width])
      const x = call.add('Reshape', [call.input('x'), rows], {}, 'rows')
      const scaled = call.add('Mul', [x, call.float(call.number('scale'))], {}, 'scaled')
      const overSpace = call.add('Softmax', [scaled], { axis: 2 }, 'over_space')
      const columns = call.add('Transpose', [x], { perm: [0, 2, 1] }, 'columns')
      const relation = call.add('MatMul', [overSpace, columns], {}, 'relation')
      const shares = call.add('Softmax', [relation], { axis: 2 }, 'shares')
      const mixed = call.add('MatMul', [shares, x], {}, 'mixed')
      return [call.add('Reshape', [mixed, call.int64([0, channels, height, width])])]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const [batch, channels, height, width] = sizes4(x)
    const read = reader(x)
    const cells = Array.from({ length: height * width }, (_, cell) => [Math.floor(cell / width), cell % width] as const)
    const out = zeros(x.shape)
    for (let b = 0; b < batch; b++) {
      const rows = Array.from({ length: channels }, (_, c) => cells.map(([y, column]) => read(b, c, y, column)))
      const sharp = rows.map((row) => softmax(row.map((value) => value * call.number('scale'))))
      const shares = sharp.map((row) => softmax(rows.map((other) => dot(row, other))))
      shares.forEach((row, c) => {
        cells.forEach((_, cell) => {
          out.data[(b * channels + c) * cells.length + cell] = row.reduce(
            (sum, share, k) => sum + share * elementAt(elementAt(rows, k), cell),
            0,
          )
        })
      })
    }
    return [out]
  },
  cases: [
    { name: 'five channels', inputs: { x: { shape: [2, 5, 3, 4], fill: 'random' } } },
    { name: 'hardly sharpened', inputs: { x: { shape: [1, 3, 2, 2], fill: 'positive' } }, arguments: { scale: 0.5 } },
    { name: 'zeros', inputs: { x: { shape: [1, 2, 2, 3], fill: 'zeros' } } },
    { name: 'one channel, one cell', inputs: { x: { shape: [1, 1, 1, 1], fill: 'random' } } },
  ],
}

function softmax(values: readonly number[]): number[] {
  const largest = Math.max(...values)
  const powers = values.map((value) => Math.exp(value - largest))
  const total = powers.reduce((sum, value) => sum + value, 0)
  return powers.map((value) => value / total)
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * elementAt(b, index), 0)
}
