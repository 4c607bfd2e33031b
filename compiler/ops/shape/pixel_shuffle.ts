import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { featureMap, mapOf } from '../support/shapes.js'
import { permute, sizes4 } from '../support/tensor.js'

export const pixelShuffle: Operation = {
  name: 'pixel_shuffle',
  documentation: {
    summary: 'Enlarges feature maps by moving channels to space.',
    formula: String.raw`y_{c,\; r h + i,\; r w + j} = x_{c r^2 + i r + j,\; h,\; w}`,
    details:
      'y[c, factor h + i, factor w + j] = x[c factor^2 + i factor + j, h, w]: factor^2 times fewer channels, and factor times the height and the width.',
    example: 'larger = conv2d(trunk.layer3, 4 * 32, 3, padding = 1) -> pixel_shuffle(2)',
    source: 'Shi et al. 2016, equation 4; torch.nn.PixelShuffle',
  },
  arguments: [
    tensorArgument('x', 'feature maps'),
    {
      name: 'factor',
      kind: { is: 'integer', from: 1 },
      meaning: 'by which height and width grow; its square divides the channels',
    },
  ],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      if (!x) return undefined
      const factor = call.number('factor')
      if (x.channels % factor ** 2 === 0)
        return [mapOf(x.batch, x.channels / factor ** 2, x.height * factor, x.width * factor)]
      const advice = `there are ${x.channels} channels`
      const range = 'a number whose square divides the channels'
      return call.fail('out-of-range', { name: 'factor', value: String(factor), range, advice }, ['x'])
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('pixelShuffle', call.input('x'), source(`${call.number('factor')}`)),
    pytorch: { expression: (call) => call.torch('F.pixel_shuffle', call.input('x'), literal(call.number('factor'))) },
    onnx: (call) => [call.add('DepthToSpace', [call.input('x')], { blocksize: call.number('factor'), mode: 'CRD' })],
  },
  reference(call) {
    const factor = call.number('factor')
    const [batch, channels, height, width] = sizes4(call.tensor('x'))
    const parts = [batch, channels / factor ** 2, factor, factor, height, width]
    const { data } = permute({ shape: parts, data: call.tensor('x').data }, [0, 1, 4, 2, 5, 3])
    return [{ shape: [batch, channels / factor ** 2, height * factor, width * factor], data }]
  },
  cases: [
    { name: 'by two', inputs: { x: { shape: [2, 8, 2, 3], fill: 'random' } }, arguments: { factor: 2 } },
    {
      name: 'by three, to one channel',
      inputs: { x: { shape: [1, 9, 1, 2], fill: 'random' } },
      arguments: { factor: 3 },
    },
    { name: 'by one', inputs: { x: { shape: [1, 2, 2, 2], fill: 'random' } }, arguments: { factor: 1 } },
  ],
}
