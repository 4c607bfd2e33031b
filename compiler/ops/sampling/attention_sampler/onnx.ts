import type { OnnxCall } from '../../../targets/onnx/lowering.js'
import type { OnnxElement } from '../../../targets/onnx/program.js'
import { sampleAlong } from '../../support/onnx_sampling.js'
import { sizeOf } from '../../support/shapes.js'
import { cuts, outputSize } from './density.js'

/** Adds the nodes of a sampler. Returns the name of the sampled images. */
export function onnx(call: OnnxCall): readonly string[] {
  const [height, width] = outputSize(call)
  const [rows, columns] = densitiesOnnx(call)
  return [
    sampleAlong(call, {
      rows: { fractions: placesOnnx(call, 'y', rows, height), count: height },
      columns: { fractions: placesOnnx(call, 'x', columns, width), count: width },
      fractionsOf: 'edges',
    }),
  ]
}

interface SideDensity {
  /** [batch, cells], 1 on average. */
  readonly density: string
  readonly cells: number
}

/** Adds the nodes of the density of rows and columns; the same as boundedDensities. */
function densitiesOnnx(call: OnnxCall): readonly [rows: SideDensity, columns: SideDensity] {
  const bound = call.float(call.number('density'))
  let [y, x] = [sharesOnnx(call, 'y', 1), sharesOnnx(call, 'x', 2)]
  if (call.word('axes') === 'independent')
    return [cutOnnx(call, 'y', y, bound, 'cut'), cutOnnx(call, 'x', x, bound, 'cut')]
  for (let i = 0; i < cuts; i++) {
    const largest = (side: 'x' | 'y', { density }: SideDensity) =>
      call.add('ReduceMax', [density, call.int64([1])], { keepdims: 1 }, `${side}_cut_${i}_largest`)
    const smaller = call.add('Min', [largest('y', y), largest('x', x)], {}, `cut_${i}_smaller`)
    const limit = i === 0 ? call.add('Min', [smaller, bound], {}, 'cut_0_limit') : smaller
    ;[y, x] = [cutOnnx(call, 'y', y, limit, `cut_${i}`), cutOnnx(call, 'x', x, limit, `cut_${i}`)]
  }
  return [y, x]
}

function sharesOnnx(call: OnnxCall, side: 'x' | 'y', axis: 1 | 2): SideDensity {
  const cells = sizeOf(call.type('guide').shape, axis)
  const step = (operator: string, inputs: readonly string[], name: string, keepdims?: 0 | 1) =>
    call.add(operator, inputs, keepdims === undefined ? {} : { keepdims }, `${side}_${name}`)
  const largest = step('ReduceMax', [call.input('guide'), call.int64([3 - axis])], 'largest', 0)
  const strongest = step('Relu', [largest], 'strongest')
  const total = step('ReduceSum', [strongest, call.int64([1])], 'total', 1)
  const positive = step('Greater', [total, call.float(0)], 'positive')
  const divisor = step('Where', [positive, total, call.float(1)], 'divisor')
  const shares = step('Div', [step('Mul', [strongest, call.float(cells)], 'times_cells'), divisor], 'shares')
  return { density: step('Where', [positive, shares, call.float(1)], 'density'), cells }
}

/** Clips density above the limit and redistributes it evenly over all cells. */
function cutOnnx(
  call: OnnxCall,
  side: 'x' | 'y',
  { density, cells }: SideDensity,
  limit: string,
  name: string,
): SideDensity {
  const lower = call.add('Min', [density, limit], {}, `${side}_${name}`)
  const mean = call.add('ReduceMean', [lower, call.int64([1])], { keepdims: 1 }, `${side}_${name}_mean`)
  const lost = call.add('Sub', [call.float(1), mean], {}, `${side}_${name}_lost`)
  return { density: call.add('Add', [lower, lost], {}, `${side}_${name}_spread`), cells }
}

/** Returns [batch, count] positions along one axis, as fractions; the same as placesByDensity. */
function placesOnnx(call: OnnxCall, side: 'x' | 'y', { density, cells }: SideDensity, count: number): string {
  const step = (
    operator: string,
    inputs: readonly string[],
    name: string,
    attributes: Parameters<OnnxCall['add']>[2] = {},
  ) => call.add(operator, inputs, attributes, `${side}_${name}`)
  const cast = (value: string, element: OnnxElement, name: string) => call.cast(value, element, `${side}_${name}`)
  const reached = step('CumSum', [density, call.int64(1)], 'reached')
  const before = step('Sub', [reached, density], 'before')
  const targets = call.float(
    Array.from({ length: count }, (_, i) => ((i + 0.5) / count) * cells),
    [1, count, 1],
  )
  // The cell of a target is the number of cells entirely before it, at most the last one.
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
  return step('Div', [step('Add', [cell, within], 'place_cells'), call.float(cells)], 'place')
}
