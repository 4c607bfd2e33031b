import { keyword, literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Evaluation } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { featureMap, mapOf, wrongRank } from '../support/shapes.js'
import { sizes4, type Tensor, zeros } from '../support/tensor.js'
import { reader } from '../support/windows.js'

export const gridSample: Operation = {
  name: 'grid_sample',
  documentation: {
    summary: 'Samples an image or feature maps bilinearly at given places, each output cell at its own.',
    details:
      'Places are fractions of the width (channel 0) and the height (channel 1): 0 is the left or upper border, 1 the right or lower one. A place between the centres of four cells takes their weighted mean. The gradient flows to the maps and to the places.',
    example:
      'row    = (coordinates(image, over = height) + 0.5) / height(image) -> reshape([-1, 1])\ncolumn = (coordinates(image, over = width) + 0.5) / width(image)\ngrid   = stack(square(column) + 0 * row, row + 0 * column, over = 0)\nbent   = grid_sample(image, grid)',
    source: 'torch.nn.functional.grid_sample(align_corners=False); Jaderberg et al. 2015, equation 5',
  },
  arguments: [
    tensorArgument('x', 'the image or feature maps to sample from'),
    tensorArgument(
      'grid',
      'two channels: the place of each output cell, x and y, as fractions of the width and the height',
    ),
    {
      name: 'outside',
      kind: { is: 'word', words: ['edge', 'zeros'] },
      default: 'edge',
      meaning: 'what lies beyond the border: its cells continued, or zeros',
    },
  ],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      const grid = featureMap(call, 'grid')
      if (!x || !grid) return undefined
      if (grid.channels !== 2) return wrongRank(call, 'grid', 'two channels (x, y): stack(x, y, over = 0) of two maps')
      return [mapOf(x.batch, x.channels, grid.height, grid.width)]
    },
  },
  semantics: {},
  lowering: {
    tfjs: (call) =>
      call.runtime(
        'gridSample',
        call.input('x'),
        call.input('grid'),
        call.word('outside') === 'zeros' ? source("'zeros'") : undefined,
      ),
    pytorch: {
      expression: (call) =>
        call.helper(
          python.grid_sample,
          call.input('x'),
          call.input('grid'),
          call.word('outside') === 'zeros' ? keyword('padding_mode', literal('zeros')) : undefined,
        ),
    },
    onnx(call) {
      // GridSample counts from -1 to 1, with x and y in the last axis.
      const last = call.add('Transpose', [call.input('grid')], { perm: [0, 2, 3, 1] }, 'last')
      const twice = call.add('Mul', [last, call.float(2)], {}, 'twice')
      const grid = call.add('Sub', [twice, call.float(1)], {}, 'scaled')
      return [
        call.add('GridSample', [call.input('x'), grid], {
          mode: call.opset < 20 ? 'bilinear' : 'linear',
          padding_mode: call.word('outside') === 'zeros' ? 'zeros' : 'border',
          align_corners: 0,
        }),
      ]
    },
  },
  reference: (call) => [sampled(call)],
  cases: [
    {
      name: 'places within and beyond the border',
      inputs: {
        x: { shape: [1, 2, 3, 4], fill: 'random' },
        grid: { shape: [1, 2, 2, 2], fill: { values: [0.2, 0.55, 1.3, -0.4, 0.3, 0.9, 0.45, 0.6] } },
      },
    },
    {
      name: 'zeros beyond the border',
      inputs: {
        x: { shape: [1, 2, 3, 4], fill: 'random' },
        grid: { shape: [1, 2, 2, 2], fill: { values: [0.03, 0.55, 1.3, 0.98, 0.3, 0.95, 0.45, -0.05] } },
      },
      arguments: { outside: 'zeros' },
    },
    {
      name: 'a grid for each image, more cells than the maps have',
      inputs: { x: { shape: [3, 1, 2, 3], fill: 'random' }, grid: { shape: [3, 2, 4, 3], fill: 'positive' } },
    },
    {
      name: 'one cell',
      inputs: { x: { shape: [2, 3, 1, 1], fill: 'random' }, grid: { shape: [2, 2, 1, 2], fill: 'positive' } },
    },
  ],
}

function sampled(call: Evaluation): Tensor {
  const [x, grid] = [call.tensor('x'), call.tensor('grid')]
  const [batch, channels, height, width] = sizes4(x)
  const [, , toHeight, toWidth] = sizes4(grid)
  const [read, place] = [reader(x), reader(grid)]
  const continued = call.word('outside') === 'edge'
  const out = zeros([batch, channels, toHeight, toWidth])
  const value = (b: number, c: number, row: number, column: number) =>
    row < 0 || row >= height || column < 0 || column >= width ? 0 : read(b, c, row, column)
  const along = (fraction: number, length: number) => {
    const centre = fraction * length - 0.5
    const within = continued ? Math.min(length - 1, Math.max(0, centre)) : centre
    const low = Math.floor(within)
    return { low, high: continued ? Math.min(low + 1, length - 1) : low + 1, share: within - low }
  }
  let index = 0
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < channels; c++)
      for (let row = 0; row < toHeight; row++)
        for (let column = 0; column < toWidth; column++) {
          const across = along(place(b, 0, row, column), width)
          const down = along(place(b, 1, row, column), height)
          const line = (y: number) =>
            value(b, c, y, across.low) * (1 - across.share) + value(b, c, y, across.high) * across.share
          out.data[index++] = line(down.low) * (1 - down.share) + line(down.high) * down.share
        }
  return out
}
