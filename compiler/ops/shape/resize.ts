import { attribute, literal, slice, subscript } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { interpolate } from '../support/interpolate.js'
import { resizeLastAxes } from '../support/onnx_sampling.js'
import { dimension, featureMap, floats, isSingleMap, mapOf, sizeOf } from '../support/shapes.js'
import { at, size, zeros } from '../support/tensor.js'

function target(call: Typed): readonly [number, number] {
  if (!call.has('like')) return call.pair('size')
  const { shape } = call.type('like')
  return [sizeOf(shape, shape.length - 2), sizeOf(shape, shape.length - 1)]
}

export const resize: Operation = {
  name: 'resize',
  documentation: {
    summary: 'Resizes feature maps, or a single map, by bilinear interpolation.',
    details:
      'Output cell i is sampled at (i + 0.5) input / output - 0.5 (half-pixel centres, no aligned corners, no antialiasing); coordinates beyond the outermost centres repeat the border value.',
    example: 'larger = resize(trunk.layer3, like = trunk.layer1)',
    source: 'torch.nn.functional.interpolate(mode="bilinear", align_corners=False); ONNX Resize, half_pixel',
  },
  arguments: [
    tensorArgument('x', 'feature maps, or one map (height x width)'),
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
      meaning: 'maps whose height and width are used in place of `size`',
    },
  ],
  typing: {
    infer(call) {
      const single = isSingleMap(call.type('x'))
      const x = single ? undefined : featureMap(call, 'x')
      if (!single && !x) return undefined
      if (call.has('like')) {
        if (call.type('like').shape.length < 3)
          return call.fail('wrong-rank', { name: 'like', expected: 'feature maps', found: 'a row' }, ['like'])
      } else if (!call.has('size'))
        return call.fail('missing-argument', {
          callee: 'resize',
          name: 'size',
          meaning: 'or `like`: maps of the wanted size',
        })
      const [height, width] = target(call)
      if (x) return [mapOf(x.batch, x.channels, height, width)]
      const [batch] = call.type('x').shape
      return batch && [floats([batch, dimension('height', height), dimension('width', width)])]
    },
  },
  semantics: {
    produces(call) {
      const { shape } = call.type('x')
      const [height, width] = target(call)
      const larger = height > sizeOf(shape, shape.length - 2) || width > sizeOf(shape, shape.length - 1)
      return larger ? 'enlarged' : undefined
    },
  },
  lowering: {
    tfjs(call) {
      const [, height, width] = call.outputSizes()
      const name = call.rank('x') === 3 ? 'resizeMap' : 'resize'
      // One function may serve calls with several sizes: with `like`, the size is read at run time.
      return call.runtime(
        name,
        call.input('x'),
        call.has('like') ? call.input('like') : source(`[${height}, ${width}]`),
      )
    },
    pytorch: {
      expression: (call) =>
        call.helper(
          isSingleMap(call.type('x')) ? python.resize_map : python.resize,
          call.input('x'),
          call.has('like') ? subscript(attribute(call.input('like'), 'shape'), slice(-2)) : literal(call.pair('size')),
        ),
    },
    onnx(call) {
      const { shape } = call.type('x')
      const from = [sizeOf(shape, shape.length - 2), sizeOf(shape, shape.length - 1)] as const
      return [resizeLastAxes(call, call.input('x'), { rank: shape.length, from, to: target(call) })]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const [height, width] = [size(x, x.shape.length - 2), size(x, x.shape.length - 1)]
    const [toHeight, toWidth] = target(call)
    const sizes = { from: [height, width], to: [toHeight, toWidth] } as const
    const out = zeros([...x.shape.slice(0, -2), toHeight, toWidth])
    for (let map = 0; map < x.data.length / (height * width); map++)
      out.data.set(
        interpolate((row, column) => at(x, (map * height + row) * width + column), sizes),
        map * toHeight * toWidth,
      )
    return [out]
  },
  cases: [
    {
      name: 'one map',
      inputs: { x: { shape: [2, 3, 4], fill: 'random' } },
      arguments: { size: [5, 9] },
    },
    { name: 'up', inputs: { x: { shape: [2, 2, 3, 4], fill: 'random' } }, arguments: { size: [6, 8] } },
    { name: 'down', inputs: { x: { shape: [1, 3, 7, 5], fill: 'random' } }, arguments: { size: 3 } },
    {
      name: 'like another',
      inputs: { x: { shape: [1, 2, 2, 2], fill: 'random' }, like: { shape: [1, 4, 5, 3], fill: 'zeros' } },
      noGradient: true,
    },
    {
      name: 'like a list of maps',
      inputs: { x: { shape: [1, 2, 2, 2], fill: 'random' }, like: { shape: [1, 2, 4, 5, 3], fill: 'zeros' } },
      noGradient: true,
    },
    { name: 'from one cell', inputs: { x: { shape: [1, 2, 1, 1], fill: 'random' } }, arguments: { size: 3 } },
  ],
}
