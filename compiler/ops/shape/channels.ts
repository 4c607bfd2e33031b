import { slice, subscript } from '../../targets/pytorch/expression.js'
import { array, source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { featureMap, mapOf } from '../support/shapes.js'
import { sizes4, zeros } from '../support/tensor.js'

export const channels: Operation = {
  name: 'channels',
  documentation: {
    summary: 'Selects a range of channels, for example to use channels of a pretrained layer as attention maps.',
    example: 'attention = channels(trunk.layer3, 32)',
    source: "the official WS-DAN code takes the first 32 channels of Mixed_7a's first branch",
  },
  arguments: [
    tensorArgument('x', 'feature maps'),
    { name: 'count', kind: { is: 'integer', from: 1 }, meaning: 'number of channels' },
    {
      name: 'first',
      kind: { is: 'integer', from: 0 },
      default: 0,
      meaning: 'index of the first channel, starting at 0',
    },
  ],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      if (!x) return undefined
      const [count, first] = [call.number('count'), call.number('first')]
      if (first + count > x.channels) {
        const values = {
          name: 'count',
          value: String(count),
          range: `at most ${x.channels - first}`,
          advice: `x has ${x.channels} channels`,
        }
        return call.fail('out-of-range', values, ['x'])
      }
      return [mapOf(x.batch, count, x.height, x.width)]
    },
  },
  semantics: { preserves: ['enlarged'] },
  lowering: {
    tfjs(call) {
      const [zero, all] = [source('0'), source('-1')]
      const begin = array([zero, zero, zero, call.code('first')])
      return call.tf('slice', call.input('x'), begin, array([all, all, all, call.code('count')]))
    },
    pytorch: {
      underAutocast: 'as it comes',
      expression(call) {
        const first = call.number('first')
        const end = first + call.number('count')
        return subscript(call.input('x'), slice(), slice(first === 0 ? undefined : first, end))
      },
    },
    onnx(call) {
      const first = call.number('first')
      const bounds = [[first], [first + call.number('count')], [1]].map((values) => call.int64(values))
      return [call.add('Slice', [call.input('x'), ...bounds])]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const [batch, all, height, width] = sizes4(x)
    const [count, first, area] = [call.number('count'), call.number('first'), height * width]
    const out = zeros([batch, count, height, width])
    for (let b = 0; b < batch; b++) {
      const start = (b * all + first) * area
      out.data.set(x.data.subarray(start, start + count * area), b * count * area)
    }
    return [out]
  },
  cases: [
    { name: 'the first two', inputs: { x: { shape: [2, 5, 3, 2], fill: 'random' } }, arguments: { count: 2 } },
    {
      name: 'some of the middle',
      inputs: { x: { shape: [2, 5, 2, 2], fill: 'random' } },
      arguments: { count: 3, first: 1 },
    },
  ],
}
