import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, featureMap, floats, mapSizes, sizeOf, sizeText } from '../support/shapes.js'
import { sizes4, zeros } from '../support/tensor.js'
import { reader } from '../support/windows.js'

export const outerProduct: Operation = {
  name: 'outer_product',
  documentation: {
    summary:
      'Bilinear pooling: multiplies every channel of one tensor with every channel of another, averaged over space.',
    formula: String.raw`B_{m,n} = \frac{1}{h w} \sum_{i,j} L_{m,i,j}\, R_{n,i,j}`,
    details: 'out[m, n] = mean over cells of left[m, cell] right[n, cell]. Both may be the same tensor.',
    example:
      'bilinear  = outer_product(trunk.layer3, trunk.layer3)\nembedding = bilinear -> signed_sqrt -> l2_normalize',
    source: 'Lin et al. 2015 (bilinear CNN), equation 2',
  },
  arguments: [
    tensorArgument('left', 'feature maps'),
    tensorArgument('right', 'feature maps of the same height and width'),
  ],
  typing: {
    infer(call) {
      const left = featureMap(call, 'left')
      const right = featureMap(call, 'right')
      if (!left || !right) return undefined
      const firstSize = sizeText(left.height, left.width)
      const secondSize = sizeText(right.height, right.width)
      if (firstSize !== secondSize) {
        const values = { callee: 'outer_product', first: 'left', second: 'right', firstSize, secondSize }
        return call.fail('spatial-mismatch', values, ['left', 'right'], `${firstSize} against ${secondSize}`)
      }
      return [floats([left.batch, dimension('maps', left.channels), dimension('features', right.channels)])]
    },
    multiplyAdds(call) {
      const [channels, height, width] = mapSizes(call.type('left'))
      return sizeOf(call.type('right').shape, 1) * channels * height * width
    },
  },
  lowering: {
    tfjs: (call) => call.runtime('outerProduct', call.input('left'), call.input('right')),
    pytorch: {
      expression: (call) => call.helper(python.outer_product, call.input('left'), call.input('right')),
    },
    onnx(call) {
      const [, height, width] = mapSizes(call.type('left'))
      const rows = (argument: 'left' | 'right') => {
        const shape = call.int64([0, sizeOf(call.type(argument).shape, 1), height * width])
        return call.add('Reshape', [call.input(argument), shape], {}, `${argument}_rows`)
      }
      const columns = call.add('Transpose', [rows('right')], { perm: [0, 2, 1] }, 'columns')
      const sum = call.add('MatMul', [rows('left'), columns], {}, 'sum')
      return [call.add('Div', [sum, call.float(height * width)])]
    },
  },
  reference(call) {
    const [left, right] = [call.tensor('left'), call.tensor('right')]
    const [batch, m, height, width] = sizes4(left)
    const [, n] = sizes4(right)
    const [a, b] = [reader(left), reader(right)]
    const out = zeros([batch, m, n])
    let index = 0
    for (let k = 0; k < batch; k++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0
          for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) sum += a(k, i, y, x) * b(k, j, y, x)
          out.data[index++] = sum / (height * width)
        }
    return [out]
  },
  cases: [
    {
      name: 'of two trunks',
      inputs: { left: { shape: [2, 3, 2, 4], fill: 'random' }, right: { shape: [2, 5, 2, 4], fill: 'random' } },
    },
    {
      name: 'one cell',
      inputs: { left: { shape: [1, 2, 1, 1], fill: 'random' }, right: { shape: [1, 2, 1, 1], fill: 'positive' } },
    },
  ],
}
