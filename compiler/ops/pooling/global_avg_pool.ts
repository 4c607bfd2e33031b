import { literal, method } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { keepArgument, keepKeyword, tensorArgument } from '../support/arguments.js'
import { dimension, featureMap, floats, mapOf } from '../support/shapes.js'
import { at, sizes4, zeros } from '../support/tensor.js'

export const globalAvgPool: Operation = {
  name: 'global_avg_pool',
  documentation: {
    summary: 'Computes the mean of each channel over height and width.',
    formula: String.raw`y_c = \frac{1}{h w} \sum_{i,j} x_{c,i,j}`,
    details: 'With keep = true the result is channels x 1 x 1, which broadcasts: a gate for each channel.',
    example:
      'logits = trunk.layer3 -> global_avg_pool -> linear(classes)\ngated  = features * sigmoid(global_avg_pool(features, keep = true))',
    source: 'Lin et al. 2013, section 3.2',
  },
  arguments: [tensorArgument('x', 'feature maps'), keepArgument],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      if (!x) return undefined
      return [
        call.flag('keep') ? mapOf(x.batch, x.channels, 1, 1) : floats([x.batch, dimension('features', x.channels)]),
      ]
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('globalAvgPool', call.input('x'), call.options('keep')),
    pytorch: { expression: (call) => method(call.input('x'), 'mean', literal([2, 3]), keepKeyword(call)) },
    onnx: (call) => [
      call.add('ReduceMean', [call.input('x'), call.int64([2, 3])], { keepdims: call.flag('keep') ? 1 : 0 }),
    ],
  },
  reference(call) {
    const x = call.tensor('x')
    const [batch, channels, height, width] = sizes4(x)
    const out = zeros([batch, channels])
    for (let i = 0; i < x.data.length; i++) {
      const row = Math.floor(i / (height * width))
      out.data[row] = at(out, row) + at(x, i) / (height * width)
    }
    return [call.flag('keep') ? { ...out, shape: [batch, channels, 1, 1] } : out]
  },
  cases: [
    { name: 'two images', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'kept', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } }, arguments: { keep: true } },
    { name: 'one pixel', inputs: { x: { shape: [1, 4, 1, 1], fill: 'random' } } },
  ],
}
