import { callText } from '../targets/tfjs/lowering.js'
import type { Operation, Typed } from './operation.js'
import { tensorArgument } from './support/arguments.js'
import { interpolate } from './support/interpolate.js'
import { featureMap, mapOf, sizeOf } from './support/shapes.js'
import { sizes4, zeros } from './support/tensor.js'
import { reader } from './support/windows.js'

function target(call: Typed): readonly [number, number] {
  if (!call.has('like')) return call.pair('size')
  const { shape } = call.type('like')
  return [sizeOf(shape, shape.length - 2), sizeOf(shape, shape.length - 1)]
}

export const resize: Operation = {
  name: 'resize',
  summary: 'Feature maps at another height and width, by bilinear interpolation.',
  details:
    'Pixels are areas: the centre of output cell i lies at (i + 0.5) input / output - 0.5 (half-pixel centres, no aligned corners, no antialiasing); ' +
    'beyond the outermost centres the border value goes on.',
  source: 'torch.nn.functional.interpolate(mode="bilinear", align_corners=False); ONNX Resize, half_pixel',
  arguments: [
    tensorArgument('x', 'feature maps'),
    {
      name: 'size',
      kind: { is: 'pair', from: 1 },
      default: null,
      meaning: 'the new height and width; one number for both, or [height, width]',
    },
    {
      name: 'like',
      kind: { is: 'tensor' },
      default: null,
      meaning: 'maps whose height and width are taken instead of `size`',
    },
  ],
  infer(call) {
    const x = featureMap(call, 'x')
    if (!x) return undefined
    if (call.has('like')) {
      if (call.type('like').shape.length < 3)
        return call.fail('wrong-rank', { name: 'like', expected: 'feature maps', found: 'a row' }, ['like'])
    } else if (!call.has('size'))
      return call.fail('missing-argument', {
        callee: 'resize',
        name: 'size',
        meaning: 'or `like`: maps of the wanted size',
      })
    return [mapOf(x.batch, x.channels, ...target(call))]
  },
  tfjs(call) {
    const [, height, width] = call.outputSizes()
    return callText(call.runtime('resize'), call.input('x'), `[${height}, ${width}]`)
  },
  onnx(call) {
    const attributes = { mode: 'linear', coordinate_transformation_mode: 'half_pixel', axes: [2, 3] }
    return [call.add('Resize', [call.input('x'), '', '', call.int64([...target(call)])], attributes)]
  },
  reference(call) {
    const x = call.tensor('x')
    const [batch, channels, height, width] = sizes4(x)
    const [toHeight, toWidth] = target(call)
    const read = reader(x)
    const out = zeros([batch, channels, toHeight, toWidth])
    const sizes = { from: [height, width], to: [toHeight, toWidth] } as const
    for (let b = 0; b < batch; b++)
      for (let c = 0; c < channels; c++)
        out.data.set(
          interpolate((row, column) => read(b, c, row, column), sizes),
          (b * channels + c) * toHeight * toWidth,
        )
    return [out]
  },
  cases: [
    { name: 'up', inputs: { x: { shape: [2, 2, 3, 4], fill: 'random' } }, arguments: { size: [6, 8] } },
    { name: 'down', inputs: { x: { shape: [1, 3, 7, 5], fill: 'random' } }, arguments: { size: 3 } },
    {
      name: 'like another',
      inputs: { x: { shape: [1, 2, 2, 2], fill: 'random' }, like: { shape: [1, 4, 5, 3], fill: 'zeros' } },
      noGradient: true,
    },
    { name: 'from one cell', inputs: { x: { shape: [1, 2, 1, 1], fill: 'random' } }, arguments: { size: 3 } },
  ],
}
