import { literal, method } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, featureMap, floats } from '../support/shapes.js'
import { at, sizes4, zeros } from '../support/tensor.js'

export const globalAvgPool: Operation = {
  name: 'global_avg_pool',
  documentation: {
    summary: 'Computes the mean of each channel over height and width.',
    example: 'logits = trunk.layer3 -> global_avg_pool -> linear(classes)',
    source: 'Lin et al. 2013, section 3.2',
  },
  arguments: [tensorArgument('x', 'feature maps')],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      return x && [floats([x.batch, dimension('features', x.channels)])]
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('globalAvgPool', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'mean', literal([2, 3])) },
    onnx: (call) => [call.add('ReduceMean', [call.input('x'), call.int64([2, 3])], { keepdims: 0 })],
  },
  reference(call) {
    const x = call.tensor('x')
    const [batch, channels, height, width] = sizes4(x)
    const out = zeros([batch, channels])
    for (let i = 0; i < x.data.length; i++) {
      const row = Math.floor(i / (height * width))
      out.data[row] = at(out, row) + at(x, i) / (height * width)
    }
    return [out]
  },
  cases: [
    { name: 'two images', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'one pixel', inputs: { x: { shape: [1, 4, 1, 1], fill: 'random' } } },
  ],
}
