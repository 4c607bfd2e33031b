import type { OnnxCall } from '../../../targets/onnx/lowering.js'
import type { OnnxElement } from '../../../targets/onnx/program.js'
import { sizeOf } from '../../support/shapes.js'
import { cuts, outputSize } from './density.js'

/** Adds the nodes of a sampler; returns the name of the sampled images. */
export function onnx(call: OnnxCall): readonly string[] {
  const [height, width] = outputSize(call)
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
