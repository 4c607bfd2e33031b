import type { OnnxCall } from '../../../targets/onnx/lowering.js'
import type { OnnxBody } from '../../../targets/onnx/program_builder.js'
import { sampleAlong } from '../../support/onnx_sampling.js'
import { sizeOf } from '../../support/shapes.js'
import { between, cellsOf } from './components.js'

/** Adds the nodes of a crop. Returns the names of the crops and of their boxes. */
export function onnx(call: OnnxCall): readonly string[] {
  const boxes = boxesOnnx(
    call,
    cellsOf(
      call.word('resolution'),
      [2, 3].map((axis) => sizeOf(call.type('image').shape, axis)),
      [1, 2].map((axis) => sizeOf(call.type('guide').shape, axis)),
    ),
  )
  return [cropOnnx(call, boxes), boxes]
}

/**
 * Computes the boxes of a batch of maps in the graph, equal to those of boxOfMap.
 *
 * Connected components are found by union-find with hooking and pointer jumping: each cell has a parent, initially itself, numbered in descending
 * row-major order so that the first cell of a component has its largest number; slot 0 is the background. In each round, every cell propagates the
 * largest label around it to the parent of its label (hooking: ScatterElements with max), and paths are halved (jumping: GatherElements, twice). The
 * loop ends when nothing changes, after a number of rounds logarithmic in the longest path.
 */
function boxesOnnx(call: OnnxCall, [height, width]: readonly [number, number]): string {
  const kept = keptOnnx(call, enlargedOnnx(call, height, width), height * width)
  const cells = call.word('region') === 'all' ? kept : largestOnnx(call, kept, height, width)
  const grid = call.add('Reshape', [cells, call.int64([-1, height, width])], {}, 'cells')
  const [y, x] = [edge(call, grid, 'y', height, 2), edge(call, grid, 'x', width, 1)]
  const margin = call.number('margin')
  const raw = call.add('Concat', [y.first, x.first, y.last, x.last], { axis: 1 }, 'tight_box')
  const wide = call.add('Add', [raw, call.float([-margin, -margin, margin, margin], [1, 4])], {}, 'margin')
  return call.add('Clip', [wide, call.float(0), call.float(1)], {}, 'box')
}

/**
 * The guide at the resolution at which it is thresholded, by explicit products and sums instead of a Resize, whose rounding differs between runtimes.
 */
function enlargedOnnx(call: OnnxCall, height: number, width: number): string {
  const { shape } = call.type('guide')
  const along = (map: string, from: number, to: number, axis: 1 | 2, side: 'y' | 'x') => {
    if (from === to) return map
    const { low, high, lowShare, highShare } = between(from, to)
    const lined = axis === 1 ? [1, to, 1] : [1, 1, to]
    const part = (cells: readonly number[], shares: readonly number[], name: string) => {
      const taken = call.add('Gather', [map, call.int64(cells)], { axis }, `${side}_${name}_cells`)
      return call.add('Mul', [taken, call.float(shares, lined)], {}, `${side}_${name}`)
    }
    return call.add('Add', [part(low, lowShare, 'low'), part(high, highShare, 'high')], {}, `${side}_enlarged`)
  }
  return along(along(call.input('guide'), sizeOf(shape, 1), height, 1, 'y'), sizeOf(shape, 2), width, 2, 'x')
}

/** float [batch, cells]: 1 for kept cells. All cells are kept if the map has no positive value, or a NaN. */
function keptOnnx(call: OnnxCall, guide: string, count: number): string {
  const map = call.add('Reshape', [guide, call.int64([-1, count])], {}, 'map')
  const largest = call.add('ReduceMax', [map, call.int64([1])], { keepdims: 1 }, 'largest')
  const cut = call.add('Mul', [largest, call.float(call.number('threshold'))], {}, 'cut')
  const bright = call.add('GreaterOrEqual', [map, cut], {}, 'bright')
  const broken = call.cast(call.add('IsNaN', [map], {}, 'broken'), 'float', 'broken_cells')
  const anyBroken = call.add('ReduceMax', [broken, call.int64([1])], { keepdims: 1 }, 'any_broken')
  const useless = call.add('Greater', [anyBroken, call.float(0)], {}, 'useless')
  const flat = call.add('LessOrEqual', [largest, call.float(0)], {}, 'flat')
  const nowhere = call.add('Or', [useless, flat], {}, 'nowhere')
  return call.cast(call.add('Or', [bright, nowhere], {}, 'kept'), 'float', 'kept_cells')
}

/**
 * Labels are floats, which hold every number of a cell exactly: runtimes use 64-bit integers for sizes, and support scattering them poorly or not at
 * all.
 */
function largestOnnx(call: OnnxCall, kept: string, height: number, width: number): string {
  const count = height * width
  const numbers = call.add('Range', [call.int64(count), call.int64(0), call.int64(-1)], {}, 'numbers')
  const own = call.add('Mul', [call.cast(kept, 'int64', 'kept_number'), numbers], {}, 'own')
  // Slot p of the parents belongs to the cell numbered p; slot 0 is the background.
  const range = call.add('Range', [call.int64(0), call.int64(count + 1), call.int64(1)], {}, 'range')
  const slots = call.cast(range, 'float', 'slots')
  const batch = call.add('Shape', [kept], { start: 0, end: 1 }, 'batch')
  const wide = call.add('Concat', [batch, call.int64([count + 1])], { axis: 0 }, 'slots_shape')
  const start = call.add('Expand', [slots, wide], {}, 'start')
  const [parents = ''] = call.loop({
    step: 'components',
    // Each round that does not end takes the largest number at least one cell further: never more rounds than cells.
    rounds: count,
    settledAfter: settledAfter(count),
    initial: [start],
    body: (inner) => round(call, inner, { own, kept, height, width }),
  })
  const label = call.add('GatherElements', [parents, own], { axis: 1 }, 'label')
  const zeros = call.add('Expand', [call.float(0), wide], {}, 'no_sizes')
  const index = call.cast(label, 'int64', 'label_index')
  const sizes = call.add('ScatterElements', [zeros, index, kept], { axis: 1, reduction: 'add' }, 'sizes')
  // Of several components of this size, the one with the largest number.
  const largest = call.add('ReduceMax', [sizes, call.int64([1])], { keepdims: 1 }, 'largest_size')
  const isLargest = call.cast(call.add('Equal', [sizes, largest], {}, 'of_largest_size'), 'float', 'largest_slots')
  const candidates = call.add('Mul', [isLargest, slots], {}, 'candidates')
  const best = call.add('ReduceMax', [candidates, call.int64([1])], { keepdims: 1 }, 'best')
  return call.cast(call.add('Equal', [label, best], {}, 'in_best'), 'float', 'best_cells')
}

/**
 * Rounds after which the parents of a map with this many cells are final. They follow the logarithm of the longest path through a
 * component: none of the maps that were tried takes more than the binary logarithm of the number of cells (all of 4 x 4; mazes, spirals,
 * combs, noise, and random changes of the slowest of them).
 */
export function settledAfter(cells: number): number {
  return Math.ceil(Math.log2(cells)) + 1
}

interface RoundValues {
  readonly own: string
  readonly kept: string
  readonly height: number
  readonly width: number
}

function round(call: OnnxCall, inner: OnnxBody, { own, kept, height, width }: RoundValues): void {
  const count = height * width
  inner.input('round', 'int64', [])
  inner.input('go', 'bool', [])
  const parents = inner.input('parents', 'float', ['batch', count + 1])
  const label = inner.add('GatherElements', [parents, own], 'label', { axis: 1 })
  const grid = inner.add('Reshape', [label, call.int64([-1, 1, height, width])], 'grid')
  const around = inner.add('MaxPool', [grid], 'around', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] })
  const flat = inner.add('Reshape', [around, call.int64([-1, count])], 'around_flat')
  const best = inner.add('Mul', [flat, kept], 'best')
  const index = inner.cast(label, 'int64', 'label_index')
  const hooked = inner.add('ScatterElements', [parents, index, best], 'hooked', { axis: 1, reduction: 'max' })
  const jump = (from: string, name: string) =>
    inner.add('GatherElements', [from, inner.cast(from, 'int64', `${name}_index`)], name, { axis: 1 })
  const twice = jump(jump(hooked, 'jumped'), 'jumped_twice')
  const same = inner.add('Equal', [twice, parents], 'same')
  const changed = inner.cast(inner.add('Not', [same], 'differs'), 'float', 'changed')
  const any = inner.add('ReduceMax', [changed], 'any', { keepdims: 0 })
  const goOn = inner.cast(any, 'bool', 'go_on')
  inner.output(goOn, 'bool', [])
  inner.output(twice, 'float', ['batch', count + 1])
}

/** First and last edge of the kept cells along one side, as fractions [batch, 1]. */
function edge(call: OnnxCall, grid: string, side: 'y' | 'x', length: number, over: number) {
  const any = call.add('ReduceMax', [grid, call.int64([over])], { keepdims: 0 }, `${side}_any`)
  const first = call.add('ArgMax', [any], { axis: 1, keepdims: 1 }, `${side}_first_cell`)
  const ends = call.add('Mul', [any, call.float(Array.from({ length }, (_, cell) => cell + 1))], {}, `${side}_ends`)
  const last = call.add('ReduceMax', [ends, call.int64([1])], { keepdims: 1 }, `${side}_last_end`)
  const fraction = (cell: string, name: string) => call.add('Div', [cell, call.float(length)], {}, name)
  return { first: fraction(call.cast(first, 'float', `${side}_first`), `${side}1`), last: fraction(last, `${side}2`) }
}

/** Samples each image inside its box at its own size; aligned corners, as TensorFlow's cropAndResize. */
function cropOnnx(call: OnnxCall, boxes: string): string {
  const { shape } = call.type('image')
  const part = (index: number, name: string) =>
    call.add('Slice', [boxes, call.int64([index]), call.int64([index + 1]), call.int64([1])], {}, name)
  const along = (from: number, to: number, length: number, side: 'y' | 'x') => {
    // From 0 to 1 between the outermost centres; a side of one pixel takes the middle of the box.
    const steps = call.float(
      Array.from({ length }, (_, i) => (length > 1 ? i / (length - 1) : 0.5)),
      [1, length],
    )
    const start = part(from, `${side}_from`)
    const span = call.add('Sub', [part(to, `${side}_to`), start], {}, `${side}_span`)
    const inside = call.add('Mul', [span, steps], {}, `${side}_steps`)
    return { fractions: call.add('Add', [start, inside], {}, `${side}_fraction`), count: length }
  }
  return sampleAlong(call, {
    rows: along(0, 2, sizeOf(shape, 2), 'y'),
    columns: along(1, 3, sizeOf(shape, 3), 'x'),
    fractionsOf: 'centres',
  })
}
