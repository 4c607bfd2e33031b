import { elementAt, present } from '../../../grammar/present.js'
import { type Dimension, isOfPairs, type TensorType } from '../../graph/graph.js'
import type { OnnxCall } from '../../targets/onnx/lowering.js'
import {
  type Expression as PythonExpression,
  source as pythonSource,
  slice,
  subscript,
} from '../../targets/pytorch/expression.js'
import { type Expression, source } from '../../targets/tfjs/expression.js'
import type { TfjsCall } from '../../targets/tfjs/lowering.js'
import { floats } from './shapes.js'
import { at, elements, type Tensor, zeros } from './tensor.js'

/**
 * Returns the type of an elementwise result by NumPy's rule: the axes of one image are aligned from the last one, and an axis of size 1, or
 * one that is missing, is repeated. The batch stays first. Undefined where two axes differ in size and neither is 1.
 */
export function broadcast(types: readonly TensorType[]): TensorType | undefined {
  const [first, ...rest] = types
  return rest.reduce<TensorType | undefined>((joined, type) => joined && broadcastTwo(joined, type), first)
}

function broadcastTwo(left: TensorType, right: TensorType): TensorType | undefined {
  if (left.element !== 'float' || right.element !== 'float') return undefined
  // A single number, such as a loss, has no batch to align.
  if (left.shape.length === 0 || right.shape.length === 0)
    return left.shape.length === right.shape.length ? left : undefined
  const [long, short] = left.shape.length >= right.shape.length ? [left.shape, right.shape] : [right.shape, left.shape]
  // An axis of unknown size cannot be moved to another place.
  if (long.length > 2 && (isOfPairs(left) || isOfPairs(right))) return undefined
  const missing = long.length - short.length
  const batches = [elementAt(long, 0), elementAt(short, 0)]
  const axes: Dimension[] = [batches.find(({ size }) => size === undefined) ?? elementAt(batches, 0)]
  for (const [index, one] of long.entries()) {
    if (index === 0) continue
    const other = index > missing ? elementAt(short, index - missing) : undefined
    if (other === undefined || other.size === one.size || other.size === 1) axes.push(one)
    else if (one.size === 1) axes.push(other)
    else return undefined
  }
  return floats(axes)
}

/** Returns the sizes of the axes, from the last one of each type: `5 and 5`, `4 and 3`. A missing axis counts as 1. */
export function alignedSizes(types: readonly TensorType[]): readonly string[] {
  const sizes = types.map(({ shape }) =>
    shape
      .slice(1)
      .map(({ name, size }) => size ?? name)
      .reverse(),
  )
  const rank = Math.max(...sizes.map((one) => one.length))
  return Array.from({ length: rank }, (_, axis) => sizes.map((one) => one[axis] ?? 1).join(' and '))
}

/** Inserts axes of size 1 after the batch until the operand has the rank of the call's output. */
export function alignedTfjs(call: TfjsCall, argument: string): Expression {
  const operand = call.input(argument)
  const rank = call.outputSizes().length
  if (call.rank(argument) === rank) return operand
  const aligned = call.storedOutput(alignedTo(call.type(argument), rank))
  return call.tf('reshape', operand, source(`[${aligned.join(', ')}]`))
}

/** The same in PyTorch: `x[:, None]`. What has no axis for the batch is aligned as it is. */
export function alignedPytorch(operand: PythonExpression, from: number, to: number): PythonExpression {
  if (isWithoutBatch(operand)) return operand.target
  if (from === to) return operand
  return subscript(operand, slice(), ...Array.from({ length: to - from }, () => pythonSource('None')))
}

/** Returns the sizes of a tensor with axes of size 1 inserted after the batch, which is -1, up to a rank. */
export function alignedTo({ shape }: TensorType, rank: number): readonly number[] {
  const ones = Array.from({ length: rank - shape.length }, () => 1)
  return [-1, ...ones, ...shape.slice(1).map(({ size }) => present(size, 'a size'))]
}

/** Returns a tensor with an axis for the batch, which all images share: `self.gamma[None]`. */
export function withBatchAxis(operand: PythonExpression): PythonExpression {
  return { kind: 'subscript', target: operand, indices: [newAxis] }
}

const newAxis = pythonSource('None')

function isWithoutBatch(operand: PythonExpression): operand is PythonExpression & { readonly kind: 'subscript' } {
  return operand.kind === 'subscript' && operand.indices[0] === newAxis
}

/** The same in ONNX. */
export function alignedOnnx(call: OnnxCall, argument: string): string {
  const [from, to] = [call.type(argument).shape.length, call.outputSizes().length]
  if (from === to) return call.input(argument)
  const axes = Array.from({ length: to - from }, (_, index) => index + 1)
  return call.add('Unsqueeze', [call.input(argument), call.int64(axes)], {}, `${argument}_aligned`)
}

/** Computes element by element over tensors that broadcast, batch included. */
export function combineBroadcast(operands: readonly Tensor[], join: (...values: readonly number[]) => number): Tensor {
  const rank = Math.max(...operands.map(({ shape }) => shape.length))
  const shapes = operands.map(({ shape }) => [
    ...shape.slice(0, 1),
    ...Array.from({ length: rank - shape.length }, () => 1),
    ...shape.slice(1),
  ])
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((one) => present(one[axis], 'a size'))),
  )
  const strides = shapes.map((one) => one.map((size, axis) => (size === 1 ? 0 : elements(one.slice(axis + 1)))))
  const out = zeros(shape)
  for (let index = 0; index < out.data.length; index++) {
    const values = operands.map((operand, which) => {
      let [rest, place] = [index, 0]
      for (let axis = rank - 1; axis >= 0; axis--) {
        const size = elementAt(shape, axis)
        place += (rest % size) * elementAt(elementAt(strides, which), axis)
        rest = Math.floor(rest / size)
      }
      return at(operand, place)
    })
    out.data[index] = join(...values)
  }
  return out
}
