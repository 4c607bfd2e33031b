import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { featureMap, floats, rowsOf, sizeOf } from '../support/shapes.js'
import { sizes4, zeros } from '../support/tensor.js'

export const classActivationMap: Operation = {
  name: 'class_activation_map',
  documentation: {
    summary: 'Selects the class activation map of the predicted class, which localises the evidence for it.',
    formula: String.raw`M_{c,i,j} = \sum_n w_{c,n}\, F_{n,i,j}`,
    details:
      'The map of class c is sum over n of w[c, n] F[n]. Pooling over space and a linear layer commute: maps = conv2d(features, classes, 1) contains the map of every class, and global_avg_pool(maps) equals the logits of pooling first. The operation selects the map with the largest logit, and the first one of equal logits.',
    example:
      'maps   = conv2d(trunk.layer3, classes, 1)\nlogits = global_avg_pool(maps)\nguide  = class_activation_map(maps, logits)',
    source: 'Zhou et al. 2016 (CAM), equation 2',
  },
  arguments: [
    tensorArgument('maps', 'one map per class: conv2d(features, classes, 1)'),
    tensorArgument('logits', 'one logit per class: global_avg_pool(maps)'),
  ],
  typing: {
    infer(call) {
      const maps = featureMap(call, 'maps')
      const logits = rowsOf(call, 'logits')
      if (!maps || !logits) return undefined
      if (logits.columns.size !== maps.channels) {
        const shapes = [`${maps.channels} maps`, `${logits.columns.size} logits`]
        return call.fail('shape-mismatch', { callee: 'class_activation_map', shapes }, ['maps', 'logits'])
      }
      return [floats(maps.shape.filter((_, index) => index !== 1))]
    },
  },
  semantics: { stopsGradient: ['logits'] },
  lowering: {
    tfjs: (call) => call.runtime('classActivationMap', call.input('maps'), call.input('logits')),
    pytorch: {
      expression: (call) => call.helper(python.class_activation_map, call.input('maps'), call.input('logits')),
    },
    onnx(call) {
      const classes = sizeOf(call.type('maps').shape, 1)
      const best = call.add('ArgMax', [call.input('logits')], { axis: 1, keepdims: 1 }, 'best')
      const numbers = call.int64(
        Array.from({ length: classes }, (_, c) => c),
        [1, classes],
      )
      const chosen = call.cast(call.add('Equal', [numbers, best], {}, 'equal'), 'float', 'chosen')
      const mask = call.add('Reshape', [chosen, call.int64([-1, classes, 1, 1])], {}, 'mask')
      const only = call.add('Mul', [call.input('maps'), mask], {}, 'only')
      return [call.add('ReduceSum', [only, call.int64([1])], { keepdims: 0 })]
    },
  },
  reference(call) {
    const maps = call.tensor('maps')
    const logits = call.tensor('logits')
    const [batch, classes, height, width] = sizes4(maps)
    const area = height * width
    const out = zeros([batch, height, width])
    for (let b = 0; b < batch; b++) {
      const row = logits.data.subarray(b * classes, (b + 1) * classes)
      const start = (b * classes + row.indexOf(Math.max(...row))) * area
      out.data.set(maps.data.subarray(start, start + area), b * area)
    }
    return [out]
  },
  cases: [
    {
      name: 'three classes',
      inputs: { maps: { shape: [4, 3, 2, 3], fill: 'random' }, logits: { shape: [4, 3], fill: 'random' } },
    },
    {
      name: 'the first of equal ones',
      inputs: { maps: { shape: [1, 3, 2, 2], fill: 'random' }, logits: { shape: [1, 3], fill: { values: [0, 1, 1] } } },
      noGradient: true,
    },
  ],
}
