import { elementAt, present } from '../../../grammar/present.js'
import type { Attribute, Dimension, TensorType } from '../../graph/graph.js'
import { literal, type Expression as PythonExpression } from '../../targets/pytorch/expression.js'
import { type Expression, source } from '../../targets/tfjs/expression.js'
import type { LayoutRule, TfjsCall } from '../../targets/tfjs/lowering.js'
import type { Inference, Typed } from '../call.js'
import type { ArgumentSpec } from '../operation.js'
import { numbered, sizeOf, wrongRank } from './shapes.js'

/** Names by which an axis can be given, beside its number. */
export const axisWords = ['last', 'space', 'channels', 'height', 'width', 'tokens', 'maps', 'features'] as const

/** The axes over which an operation computes: `over = space`, `over = last`, `over = 0`, `over = [1, 2]`. */
export function axesArgument(meaning: string, standard?: (Attribute & (string | number)) | null): ArgumentSpec {
  return {
    name: 'over',
    kind: { is: 'axes' },
    ...(standard !== undefined && { default: standard }),
    meaning: `${meaning}: last, space, the name of an axis, its number, or a list of numbers; 0 is the first axis after the batch, -1 the last`,
  }
}

/** Returns the axes in ascending order, the batch counted as axis 0; undefined after it has reported one that the operand lacks. */
export function checkedAxes(call: Inference, operand: string, argument = 'over'): readonly number[] | undefined {
  const type = call.type(operand)
  const axes = findAxes(call.axes(argument), type)
  if (axes) return axes
  const shape = type.shape.slice(1)
  const named = shape.map((axis, index) => (isNumbered(axis) ? { ...axis, name: numbered(index) } : axis))
  const found = shape.length > 0 ? named.map(axisText).join(', ') : 'one number'
  return call.fail('unknown-axis', { name: operand, axis: wantedText(call.axes(argument)), found }, [operand])
}

/** The same for an operation that computes over one axis. */
export function checkedAxis(call: Inference, operand: string, argument = 'over'): number | undefined {
  const axes = checkedAxes(call, operand, argument)
  if (!axes || axes.length === 1) return axes?.[0]
  const found = axes.map((axis) => axisText(elementAt(call.type(operand).shape, axis))).join(', ')
  return call.fail('out-of-range', { name: argument, value: found, range: 'one axis', advice: undefined }, [operand])
}

/** The same for an optional argument that defaults to the last axis, except for feature maps. */
export function checkedLastAxis(call: Inference, operand: string, expected: string): number | undefined {
  if (call.has('over')) return checkedAxis(call, operand)
  const { element, shape } = call.type(operand)
  const ofMaps = shape.length > 2 && elementAt(shape, shape.length - 1).name === 'width'
  if (element === 'float' && shape.length > 1 && !ofMaps) return shape.length - 1
  return wrongRank(call, operand, expected)
}

/** Returns the axis of such a call that was checked. */
export function lastAxisOf(call: Typed, operand: string): number {
  return call.has('over') ? axisOf(call, operand) : call.type(operand).shape.length - 1
}

/** Returns the size of that axis: how many values are normalised together. */
export function lastAxisSize(call: Typed, operand: string): number {
  return sizeOf(call.type(operand).shape, lastAxisOf(call, operand))
}

/** Returns the axes of a call that was checked. */
export function axesOf(call: Typed, operand: string, argument = 'over'): readonly number[] {
  return present(findAxes(call.axes(argument), call.type(operand)), 'axes of the operand')
}

export function axisOf(call: Typed, operand: string, argument = 'over'): number {
  return elementAt(axesOf(call, operand, argument), 0)
}

function findAxes(wanted: string | readonly number[], { element, shape }: TensorType): readonly number[] | undefined {
  if (element !== 'float' || shape.length < 2) return undefined
  if (typeof wanted === 'string') return namedAxes(wanted, shape)
  const axes = wanted.map((axis) => (axis < 0 ? shape.length + axis : axis + 1))
  const fits = axes.length > 0 && axes.every((axis) => axis > 0 && axis < shape.length)
  return fits && new Set(axes).size === axes.length ? axes.sort((a, b) => a - b) : undefined
}

/** Returns the number of the only selected axis, the batch counted as axis 0; undefined for none or several. */
export function findAxis(wanted: string | readonly number[], type: TensorType): number | undefined {
  const axes = findAxes(wanted, type)
  return axes?.length === 1 ? axes[0] : undefined
}

function namedAxes(name: string, shape: readonly Dimension[]): readonly number[] | undefined {
  if (name === 'last') return [shape.length - 1]
  const names = name === 'space' ? ['height', 'width'] : [name]
  const axes = names.map((one) => namedAxis(one, shape))
  return axes.every((axis) => axis > 0) ? axes.sort((a, b) => a - b) : undefined
}

/** Returns the number of an axis, the batch counted, or -1; three without names are those of feature maps, also behind a linear layer. */
export function namedAxis(name: string, shape: readonly Dimension[]): number {
  const own = shape.findIndex((axis) => axis.name === name)
  const unnamed = shape.every(
    (axis, index) => index === 0 || isNumbered(axis) || (index === 1 && axis.name === 'features'),
  )
  return own === -1 && shape.length === 4 && unnamed ? ['batch', 'channels', 'height', 'width'].indexOf(name) : own
}

/** Whether an axis has a number as its name, which it may have kept when other axes were removed or moved. */
function isNumbered({ name }: Dimension): boolean {
  return /^axis \d+$/.test(name)
}

function axisText({ name, size }: Dimension): string {
  return size === undefined ? name : `${name} (${size})`
}

function wantedText(wanted: string | readonly number[]): string {
  return typeof wanted === 'string' ? wanted : wanted.length === 1 ? String(wanted[0]) : `[${wanted.join(', ')}]`
}

/** Returns the axes for TensorFlow.js: a number, or a list of several. */
export function storedAxesCode(call: TfjsCall, operand: string, axes: readonly number[]): Expression {
  const stored = axes.map((axis) => call.axis(operand, axis)).sort((a, b) => a - b)
  return source(stored.length === 1 ? `${stored[0]}` : `[${stored.join(', ')}]`)
}

/** Returns the axes for PyTorch: a number, or a list of several. */
export function pytorchAxes(axes: readonly number[]): PythonExpression {
  return literal(axes.length === 1 ? elementAt(axes, 0) : axes)
}

/** Returns the layouts in which an operation may drop axes: either, unless the order of the remaining axes differs. */
export function droppingLayout(call: Typed, operand: string, dropped: readonly number[]): LayoutRule {
  const kept = [1, 2, 3].filter((axis) => !dropped.includes(axis))
  const sameOrder = !kept.includes(1) || kept.length === 1
  // An operand of another rank, and what remains of it, is in the order of the language.
  return call.type(operand).shape.length === 4 && sameOrder ? 'preserved' : 'channels first'
}

/** Returns the layout in which an operation finds the axis stored last, where there is one: engines compute along the last axis at their best. */
export function layoutWithLast(call: Typed, operand: string, axis: number): LayoutRule {
  if (call.type(operand).shape.length !== 4) return 'preserved'
  return axis === 1 ? 'channels last' : 'channels first'
}

/** Whether the axis, by its stored number, is the operand's last one. */
export function isLastStored(call: TfjsCall, operand: string, axis: number): boolean {
  return axis === call.rank(operand) - 1
}
