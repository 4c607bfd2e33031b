import type { OnnxCall } from '../../targets/onnx/lowering.js'
import { keyword, literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Evaluation } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { linearMode } from '../support/onnx_sampling.js'
import { featureMap, mapOf, mapSizes, wrongRank } from '../support/shapes.js'
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
    onnx: (call) => [call.portable ? gathered(call) : gridSampled(call)],
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

function gridSampled(call: OnnxCall): string {
  // GridSample's coordinates range from -1 to 1, with x and y in the last axis.
  const last = call.add('Transpose', [call.input('grid')], { perm: [0, 2, 3, 1] }, 'last')
  const twice = call.add('Mul', [last, call.float(2)], {}, 'twice')
  const grid = call.add('Sub', [twice, call.float(1)], {}, 'scaled')
  return call.add('GridSample', [call.input('x'), grid], {
    mode: linearMode(call),
    padding_mode: call.word('outside') === 'zeros' ? 'zeros' : 'border',
    align_corners: 0,
  })
}

/** The sum of the four cells around each place, gathered from flat maps and weighted by their shares. */
function gathered(call: OnnxCall): string {
  const [channels, height, width] = mapSizes(call.type('x'))
  const [, toHeight, toWidth] = mapSizes(call.type('grid'))
  const add = (operator: string, inputs: readonly string[], step: string, attributes = {}) =>
    call.add(operator, inputs, attributes, step)
  const flat = add('Reshape', [call.input('x'), call.int64([0, channels, height * width])], 'flat')
  const places = add('Reshape', [call.input('grid'), call.int64([0, 2, toHeight * toWidth])], 'places')
  const batch = add('Shape', [flat], 'batch', { start: 0, end: 1 })
  const full = add('Concat', [batch, call.int64([channels, toHeight * toWidth])], 'full', { axis: 0 })
  const side = (channel: number, length: number, name: 'x' | 'y') =>
    cellsAround(call, places, { channel, length, name })
  const [x, y] = [side(0, width, 'x'), side(1, height, 'y')]
  const corners = (['low', 'high'] as const).flatMap((row) =>
    (['low', 'high'] as const).map((column) => {
      const name = `${row}_${column}`
      const rowStart = add('Mul', [y[row].cell, call.int64(width)], `${name}_row`)
      const index = add('Expand', [add('Add', [rowStart, x[column].cell], `${name}_cell`), full], `${name}_index`)
      const values = add('GatherElements', [flat, index], `${name}_values`, { axis: 2 })
      return add('Mul', [values, add('Mul', [y[row].share, x[column].share], `${name}_share`)], name)
    }),
  )
  const sum = corners.reduce((left, right, index) => add('Add', [left, right], `sum_${index}`))
  return call.add('Reshape', [sum, call.int64([0, channels, toHeight, toWidth])])
}

interface CellsAlong {
  /** The channel of the grid. */
  readonly channel: number
  readonly length: number
  readonly name: 'x' | 'y'
}

/** The cells before and behind each place along one side, and their shares, [batch, 1, places] each. */
function cellsAround(call: OnnxCall, places: string, { channel, length, name }: CellsAlong) {
  const add = (operator: string, inputs: readonly string[], step: string) =>
    call.add(operator, inputs, {}, `${name}_${step}`)
  const [from, to, axis] = [call.int64([channel]), call.int64([channel + 1]), call.int64([1])]
  const fractions = add('Slice', [places, from, to, axis], 'fractions')
  const zeros = call.word('outside') === 'zeros'
  // Far outside the cells are all zero, so that places may be moved to just beyond the border: indices stay small.
  const [first, last] = zeros ? [-1, length] : [0, length - 1]
  const centre = add('Sub', [add('Mul', [fractions, call.float(length)], 'scaled'), call.float(0.5)], 'centre')
  const within = add('Clip', [centre, call.float(first), call.float(last)], 'within')
  const floor = add('Floor', [within], 'floor')
  const share = add('Sub', [within, floor], 'high_share')
  const cell = (offset: 0 | 1, end: 'low' | 'high') => {
    const wanted = add('Add', [floor, call.float(offset)], `${end}_wanted`)
    const inside = add('Clip', [wanted, call.float(0), call.float(length - 1)], `${end}_inside`)
    // A place that is no number would have no index.
    const number = add('Where', [add('IsNaN', [inside], `${end}_unknown`), call.float(0), inside], `${end}_number`)
    const own = offset === 1 ? share : add('Sub', [call.float(1), share], 'low_share')
    const seen = zeros
      ? call.cast(add('Equal', [wanted, inside], `${end}_is_inside`), 'float', `${name}_${end}_seen`)
      : undefined
    return {
      cell: call.cast(number, 'int64', `${name}_${end}`),
      share: seen === undefined ? own : add('Mul', [own, seen], `${end}_share_inside`),
    }
  }
  return { low: cell(0, 'low'), high: cell(1, 'high') }
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
