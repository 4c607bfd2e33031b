import type { OnnxCall } from '../targets/onnx/lowering.js'
import type { OnnxElement } from '../targets/onnx/program.js'
import { callText as pythonCall } from '../targets/pytorch/lowering.js'
import { source } from '../targets/tfjs/expression.js'
import type { Operation, Typed } from './operation.js'
import * as python from './python/index.js'
import { tensorArgument } from './support/arguments.js'
import { cuts, placesByDensity } from './support/density.js'
import { featureMap, isSingleMap, mapOf, sizeOf, wrongRank } from './support/shapes.js'
import { at, size, sizes4, zeros } from './support/tensor.js'
import { reader } from './support/windows.js'

export const attentionSampler: Operation = {
  name: 'attention_sampler',
  documentation: {
    summary:
      'Samples the image more densely where the attention map is strong: the whole stays in sight, its telling part enlarged.',
    details:
      'Along each side the density of a cell is the largest value of its row or column, as a share of all, 1 on average. What lies above `density` is cut and spread ' +
      'evenly, five times over. Output i of n is taken where the cumulative density reaches (i + 0.5) / n, bilinearly. Negative values count as 0; a map ' +
      'without a positive value gives the image at even steps. No gradient passes through the places.',
    source: "arXiv 1903.06150, equations 5 and 6; density 2: the authors' code",
  },
  arguments: [
    tensorArgument('image', 'what is sampled'),
    tensorArgument(
      'guide',
      'one map (height x width): mean(maps) keeps the structure, random_map(maps) shows a detail',
    ),
    {
      name: 'size',
      kind: { is: 'pair', from: 1 },
      default: null,
      meaning: "height and width of the result; the image's own when not given",
    },
    {
      name: 'density',
      kind: { is: 'number', from: 1 },
      default: 2,
      meaning: 'the largest enlargement along one side, about; 1 samples evenly',
      source: "the authors' code",
      varies: true,
    },
  ],
  typing: {
    infer(call) {
      const image = featureMap(call, 'image')
      if (!isSingleMap(call.type('guide')))
        return wrongRank(call, 'guide', 'one map (height x width), such as mean(maps)')
      return image && [mapOf(image.batch, image.channels, ...target(call))]
    },
  },
  semantics: { stopsGradient: ['guide'] },
  lowering: {
    tfjs(call) {
      const [, height, width] = call.outputSizes()
      // One function may serve calls of several sizes: without a size it is the image's, when it runs.
      const size = call.value('size') === undefined ? undefined : source(`[${height}, ${width}]`)
      const options = call.options('density')
      const given = options === undefined ? size : (size ?? source('undefined'))
      return call.runtime('attentionSampler', call.input('image'), call.input('guide'), given, options)
    },
    pytorch: {
      expression: (call) =>
        pythonCall(
          call.helper(python.attention_sampler),
          call.input('image'),
          call.input('guide'),
          call.has('size') ? `size=(${call.pair('size').join(', ')})` : '',
          call.keyword('density'),
        ),
    },
    onnx(call) {
      const [height, width] = target(call)
      const y = placesOnnx(call, 'y', 1, height)
      const x = placesOnnx(call, 'x', 2, width)
      const full = call.add(
        'Concat',
        [call.add('Shape', [y], { start: 0, end: 1 }, 'batch'), call.int64([height, width, 1])],
        { axis: 0 },
        'full',
      )
      const spread = (places: string, side: 'x' | 'y', shape: readonly number[]) =>
        call.add(
          'Expand',
          [call.add('Reshape', [places, call.int64(shape)], {}, `${side}_lined`), full],
          {},
          `${side}_grid`,
        )
      const grid = call.add(
        'Concat',
        [spread(x, 'x', [-1, 1, width, 1]), spread(y, 'y', [-1, height, 1, 1])],
        { axis: 3 },
        'grid',
      )
      return [
        call.add('GridSample', [call.input('image'), grid], {
          mode: call.opset < 20 ? 'bilinear' : 'linear',
          padding_mode: 'border',
          align_corners: 0,
        }),
      ]
    },
  },
  reference(call) {
    const image = call.tensor('image')
    const guide = call.tensor('guide')
    const [batch, channels, height, width] = sizes4(image)
    const [rows, columns] = [size(guide, 1), size(guide, 2)]
    const [toHeight, toWidth] = target(call)
    const read = reader(image)
    const out = zeros([batch, channels, toHeight, toWidth])
    let index = 0
    for (let b = 0; b < batch; b++) {
      const value = (y: number, x: number) => at(guide, (b * rows + y) * columns + x)
      const byRow = Array.from({ length: rows }, (_, y) =>
        Math.max(...Array.from({ length: columns }, (_, x) => value(y, x))),
      )
      const byColumn = Array.from({ length: columns }, (_, x) =>
        Math.max(...Array.from({ length: rows }, (_, y) => value(y, x))),
      )
      const ys = placesByDensity(byRow, toHeight, call.number('density')).map((place) => pixel(place, height))
      const xs = placesByDensity(byColumn, toWidth, call.number('density')).map((place) => pixel(place, width))
      for (let c = 0; c < channels; c++)
        for (const y of ys)
          for (const x of xs) {
            const along = (row: number) => read(b, c, row, x.low) * (1 - x.share) + read(b, c, row, x.high) * x.share
            out.data[index++] = along(y.low) * (1 - y.share) + along(y.high) * y.share
          }
    }
    return [out]
  },
  cases: [
    {
      name: 'a bright corner',
      inputs: {
        image: { shape: [1, 3, 8, 8], fill: 'random' },
        guide: { shape: [1, 4, 4], fill: { values: [5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] } },
      },
    },
    {
      name: 'negative values',
      inputs: {
        image: { shape: [1, 2, 5, 5], fill: 'random' },
        guide: { shape: [1, 3, 3], fill: { values: [-2, -1, -3, -1, -2, 4, -3, -1, 1] } },
      },
    },
    {
      name: 'to another size',
      inputs: { image: { shape: [3, 2, 9, 7], fill: 'random' }, guide: { shape: [3, 5, 3], fill: 'positive' } },
      arguments: { size: [4, 6], density: 3 },
    },
    {
      name: 'all in one cell, bounded',
      inputs: {
        image: { shape: [1, 1, 6, 6], fill: 'random' },
        guide: { shape: [1, 3, 3], fill: { values: [0, 0, 0, 0, 0, 0, 0, 0, 9] } },
      },
    },
    {
      name: 'a map of zeros: even steps',
      inputs: { image: { shape: [2, 3, 5, 4], fill: 'random' }, guide: { shape: [2, 3, 3], fill: 'zeros' } },
    },
  ],
}

function target(call: Typed): readonly [number, number] {
  if (call.has('size')) return call.pair('size')
  const { shape } = call.type('image')
  return [sizeOf(shape, 2), sizeOf(shape, 3)]
}

/** Half-pixel centres; outside of the outermost ones the border goes on. */
function pixel(place: number, length: number) {
  const centre = Math.min(length - 1, Math.max(0, place * length - 0.5))
  const low = Math.floor(centre)
  return { low, high: Math.min(low + 1, length - 1), share: centre - low }
}

/** [batch, count] places along one side, from -1 to 1 as GridSample counts; the same as placesByDensity. */
function placesOnnx(call: OnnxCall, side: 'x' | 'y', axis: 1 | 2, count: number): string {
  const cells = sizeOf(call.type('guide').shape, axis)
  const step = (
    operator: string,
    inputs: readonly string[],
    name: string,
    attributes: Parameters<OnnxCall['add']>[2] = {},
  ) => call.add(operator, inputs, attributes, `${side}_${name}`)
  const cast = (value: string, element: OnnxElement, name: string) => call.cast(value, element, `${side}_${name}`)
  const largest = step('ReduceMax', [call.input('guide'), call.int64([3 - axis])], 'largest', { keepdims: 0 })
  const strongest = step('Relu', [largest], 'strongest')
  const total = step('ReduceSum', [strongest, call.int64([1])], 'total', { keepdims: 1 })
  const positive = step('Greater', [total, call.float(0)], 'positive')
  const divisor = step('Where', [positive, total, call.float(1)], 'divisor')
  const shares = step('Div', [step('Mul', [strongest, call.float(cells)], 'times_cells'), divisor], 'shares')
  let density = step('Where', [positive, shares, call.float(1)], 'density')
  for (let cut = 0; cut < cuts; cut++) {
    const lower = step('Min', [density, call.float(call.number('density'))], `cut_${cut}`)
    const mean = step('ReduceMean', [lower, call.int64([1])], `cut_${cut}_mean`, { keepdims: 1 })
    density = step('Add', [lower, step('Sub', [call.float(1), mean], `cut_${cut}_lost`)], `cut_${cut}_spread`)
  }
  const reached = step('CumSum', [density, call.int64(1)], 'reached')
  const before = step('Sub', [reached, density], 'before')
  const targets = call.float(
    Array.from({ length: count }, (_, i) => ((i + 0.5) / count) * cells),
    [1, count, 1],
  )
  // The cell of a target: as many cells as are wholly before it, the last one aside.
  const passed = step('LessOrEqual', [step('Unsqueeze', [reached, call.int64([1])], 'reached_row'), targets], 'passed')
  const number = step('ReduceSum', [cast(passed, 'float', 'passed_number'), call.int64([2])], 'number', {
    keepdims: 0,
  })
  const cell = step('Min', [number, call.float(cells - 1)], 'cell')
  const index = cast(cell, 'int64', 'index')
  const start = step('GatherElements', [before, index], 'start', { axis: 1 })
  const inside = step('GatherElements', [density, index], 'inside', { axis: 1 })
  const beyond = step(
    'Sub',
    [
      call.float(
        Array.from({ length: count }, (_, i) => ((i + 0.5) / count) * cells),
        [1, count],
      ),
      start,
    ],
    'beyond',
  )
  const dense = step('Greater', [inside, call.float(0)], 'dense')
  const share = step('Div', [beyond, step('Where', [dense, inside, call.float(1)], 'safe')], 'share')
  const within = step(
    'Clip',
    [step('Where', [dense, share, call.float(0.5)], 'within'), call.float(0), call.float(1)],
    'clipped',
  )
  const place = step('Div', [step('Add', [cell, within], 'place_cells'), call.float(cells / 2)], 'place')
  return step('Sub', [place, call.float(1)], 'scaled')
}
