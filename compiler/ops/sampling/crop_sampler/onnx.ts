import type { OnnxCall } from '../../../targets/onnx/lowering.js'
import type { OnnxBody } from '../../../targets/onnx/program_builder.js'
import { sizeOf } from '../../support/shapes.js'
import { between, cellsOf } from './components.js'

/** Adds the nodes of a crop; returns the names of the crops and of their boxes. */
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
 * The boxes of a batch of maps, inside the graph; the same answer as boxOfMap.
 *
 * Components come from union-find by hooking and jumping: each cell points at a parent, at first itself, numbered downwards in
 * reading order so that the first cell of a component has its largest number; slot 0 is the background. One round lets every cell
 * tell the parent of its label the largest label around it (hook: ScatterElements with max), and halves the paths (jump:
 * GatherElements, twice). It ends when nothing changes, after a number of rounds that grows with the logarithm of the longest path.
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

/** The guide at the resolution at which it is cut. Products and sums one by one and not a Resize, whose rounding each runtime chooses. */
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

/** float [batch, cells]: 1 where the cell counts. All of them where the map has nothing positive, or something that is no number. */
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

function largestOnnx(call: OnnxCall, kept: string, height: number, width: number): string {
  const count = height * width
  const one = call.int64(1)
  const numbers = call.add('Range', [call.int64(count), call.int64(0), call.int64(-1)], {}, 'numbers')
  const own = call.add('Mul', [call.cast(kept, 'int64', 'kept_number'), numbers], {}, 'own')
  // Slot p of the parents belongs to the cell numbered p; slot 0 is the background.
  const slots = call.add('Range', [call.int64(0), call.int64(count + 1), one], {}, 'slots')
  const batch = call.add('Shape', [kept], { start: 0, end: 1 }, 'batch')
  const wide = call.add('Concat', [batch, call.int64([count + 1])], { axis: 0 }, 'slots_shape')
  const start = call.add('Expand', [slots, wide], {}, 'start')
  const body = call.body('round', (inner) => round(call, inner, { own, kept, height, width }))
  // Each round that does not end takes the largest number at least one cell further: never more rounds than cells.
  const parents = call.add('Loop', [call.int64(count), call.bool(true), start], { body }, 'components')
  const label = call.add('GatherElements', [parents, own], { axis: 1 }, 'label')
  const zeros = call.add('Expand', [call.float(0), wide], {}, 'no_sizes')
  const sizes = call.add('ScatterElements', [zeros, label, kept], { axis: 1, reduction: 'add' }, 'sizes')
  const best = call.add('ArgMax', [sizes], { axis: 1, keepdims: 1, select_last_index: 1 }, 'best')
  return call.cast(call.add('Equal', [label, best], {}, 'in_best'), 'float', 'best_cells')
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
  const parents = inner.input('parents', 'int64', ['batch', count + 1])
  const label = inner.add('GatherElements', [parents, own], 'label', { axis: 1 })
  const asNumbers = inner.cast(label, 'float', 'label_float')
  const grid = inner.add('Reshape', [asNumbers, call.int64([-1, 1, height, width])], 'grid')
  const around = inner.add('MaxPool', [grid], 'around', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] })
  const flat = inner.add('Reshape', [around, call.int64([-1, count])], 'around_flat')
  const best = inner.cast(inner.add('Mul', [flat, kept], 'best_float'), 'int64', 'best')
  const hooked = inner.add('ScatterElements', [parents, label, best], 'hooked', { axis: 1, reduction: 'max' })
  const once = inner.add('GatherElements', [hooked, hooked], 'jumped', { axis: 1 })
  const twice = inner.add('GatherElements', [once, once], 'jumped_twice', { axis: 1 })
  const same = inner.add('Equal', [twice, parents], 'same')
  const changed = inner.cast(inner.add('Not', [same], 'differs'), 'float', 'changed')
  const any = inner.add('ReduceMax', [changed], 'any', { keepdims: 0 })
  const goOn = inner.cast(any, 'bool', 'go_on')
  inner.output(goOn, 'bool', [])
  inner.output(twice, 'int64', ['batch', count + 1])
}

/** First and last edge of the kept cells along one side, as fractions [batch, 1]. */
function edge(call: OnnxCall, grid: string, side: 'y' | 'x', length: number, over: number) {
  const any = call.add('ReduceMax', [grid, call.int64([over])], { keepdims: 0 }, `${side}_any`)
  const last = call.add('ArgMax', [any], { axis: 1, keepdims: 1, select_last_index: 1 }, `${side}_last_cell`)
  const first = call.add('ArgMax', [any], { axis: 1, keepdims: 1 }, `${side}_first_cell`)
  const after = call.add('Add', [last, call.int64([1])], {}, `${side}_after`)
  const fraction = (cell: string, name: string) =>
    call.add('Div', [call.cast(cell, 'float', `${name}_float`), call.float(length)], {}, name)
  return { first: fraction(first, `${side}1`), last: fraction(after, `${side}2`) }
}

/** Samples each image inside its box at its own size; aligned corners, as TensorFlow's cropAndResize. */
function cropOnnx(call: OnnxCall, boxes: string): string {
  const { shape } = call.type('image')
  const [height, width] = [sizeOf(shape, 2), sizeOf(shape, 3)]
  const part = (index: number, name: string) =>
    call.add('Slice', [boxes, call.int64([index]), call.int64([index + 1]), call.int64([1])], {}, name)
  const along = (from: number, to: number, length: number, side: 'y' | 'x', shape3: readonly number[]) => {
    // GridSample counts from -1 to 1 between the outermost centres; a side of one pixel takes the middle of the box.
    const steps = call.float(
      Array.from({ length }, (_, i) => (length > 1 ? i / (length - 1) : 0.5)),
      [1, length],
    )
    const start = part(from, `${side}_from`)
    const span = call.add('Sub', [part(to, `${side}_to`), start], {}, `${side}_span`)
    const fraction = call.add(
      'Add',
      [start, call.add('Mul', [span, steps], {}, `${side}_steps`)],
      {},
      `${side}_fraction`,
    )
    const scaled = call.add(
      'Sub',
      [call.add('Mul', [fraction, call.float(2)], {}, `${side}_twice`), call.float(1)],
      {},
      `${side}_scaled`,
    )
    const lined = call.add('Reshape', [scaled, call.int64(shape3)], {}, `${side}_lined`)
    const batch = call.add('Shape', [boxes], { start: 0, end: 1 }, `${side}_batch`)
    const full = call.add('Concat', [batch, call.int64([height, width, 1])], { axis: 0 }, `${side}_full`)
    return call.add('Expand', [lined, full], {}, `${side}_grid`)
  }
  const y = along(0, 2, height, 'y', [-1, height, 1, 1])
  const x = along(1, 3, width, 'x', [-1, 1, width, 1])
  const grid = call.add('Concat', [x, y], { axis: 3 }, 'grid')
  return call.add('GridSample', [call.input('image'), grid], {
    mode: call.opset < 20 ? 'bilinear' : 'linear',
    padding_mode: 'border',
    align_corners: 1,
  })
}
