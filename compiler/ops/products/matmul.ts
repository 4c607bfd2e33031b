import { elementAt } from '../../../grammar/present.js'
import { shapeText, type TensorType } from '../../graph/graph.js'
import { type Expression, literal, method } from '../../targets/pytorch/expression.js'
import type { Typed } from '../call.js'
import type { ArgumentSpec, Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { elementsPerImage, floats, sizeOf } from '../support/shapes.js'
import { at, elements, permute, size, type Tensor, zeros } from '../support/tensor.js'

const transposed = (name: string, operand: string): ArgumentSpec => ({
  name,
  kind: { is: 'boolean' },
  default: false,
  meaning: `whether the last two axes of ${operand} are exchanged first`,
})

export const matmul: Operation = {
  name: 'matmul',
  documentation: {
    summary: 'Multiplies matrices: the last two axes of each tensor, for each image and each index of the axes before.',
    formula: String.raw`c_{i,j} = \sum_k a_{i,k}\, b_{k,j}`,
    details: 'c[i, j] = sum over k of a[i, k] b[k, j].',
    example: 'rows    = reshape(trunk.layer3, [96, -1])\nsimilar = matmul(rows, rows, transpose_b = true)',
    source: 'torch.matmul',
  },
  arguments: [
    tensorArgument('a', 'matrices'),
    tensorArgument('b', 'matrices with as many rows as `a` has columns'),
    transposed('transpose_a', '`a`'),
    transposed('transpose_b', '`b`'),
  ],
  typing: {
    infer(call) {
      const [a, b] = [call.type('a'), call.type('b')]
      const leading = ({ shape }: TensorType) =>
        shape.slice(0, -2).map(({ size }, axis) => (axis === 0 ? '' : String(size)))
      const fits =
        a.element === 'float' &&
        b.element === 'float' &&
        a.shape.length > 2 &&
        a.shape.length === b.shape.length &&
        leading(a).join() === leading(b).join() &&
        sideOf(call, 'a', 1) === sideOf(call, 'b', 0)
      if (!fits)
        return call.fail('product-mismatch', { left: written(call, 'a'), right: written(call, 'b') }, ['a', 'b'])
      const axes = [axisOfSide(call, 'a', 0), axisOfSide(call, 'b', 1)]
      const [row, column] = [elementAt(a.shape, elementAt(axes, 0)), elementAt(b.shape, elementAt(axes, 1))]
      return [floats([...a.shape.slice(0, -2), row, column])]
    },
    multiplyAdds: (call) => elementsPerImage(call.type('a')) * sideOf(call, 'b', 1),
  },
  semantics: { lowPrecision: true },
  lowering: {
    layout: 'channels first',
    tfjs: (call) =>
      call.genericRuntime('matmul', call.input('a'), call.input('b'), call.options('transpose_a', 'transpose_b')),
    pytorch: {
      expression(call) {
        const operand = (name: string, flag: string): Expression =>
          call.flag(flag) ? method(call.input(name), 'transpose', literal(-2), literal(-1)) : call.input(name)
        return call.torch('torch.matmul', operand('a', 'transpose_a'), operand('b', 'transpose_b'))
      },
    },
    onnx(call) {
      const operand = (name: string, flag: string) => {
        if (!call.flag(flag)) return call.input(name)
        const rank = call.type(name).shape.length
        const perm = Array.from({ length: rank }, (_, axis) => axis)
        return call.add('Transpose', [call.input(name)], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] }, flag)
      }
      return [call.add('MatMul', [operand('a', 'transpose_a'), operand('b', 'transpose_b')])]
    },
  },
  reference(call) {
    const operand = (name: string, flag: string) => (call.flag(flag) ? swapped(call.tensor(name)) : call.tensor(name))
    return [product(operand('a', 'transpose_a'), operand('b', 'transpose_b'))]
  },
  cases: [
    {
      name: 'matrices',
      inputs: { a: { shape: [2, 3, 4], fill: 'random' }, b: { shape: [2, 4, 5], fill: 'random' } },
    },
    {
      name: 'rows with rows',
      inputs: { a: { shape: [2, 3, 4], fill: 'random' }, b: { shape: [2, 5, 4], fill: 'random' } },
      arguments: { transpose_b: true },
    },
    {
      name: 'of heads, both transposed',
      inputs: { a: { shape: [2, 2, 4, 3], fill: 'random' }, b: { shape: [2, 2, 5, 4], fill: 'random' } },
      arguments: { transpose_a: true, transpose_b: true },
    },
    {
      name: 'of windows and heads',
      inputs: { a: { shape: [1, 2, 3, 2, 3], fill: 'random' }, b: { shape: [1, 2, 3, 3, 1], fill: 'random' } },
    },
  ],
}

/** The axis that has the rows (0) or columns (1) of an operand after it was transposed. */
function axisOfSide(call: Typed, operand: 'a' | 'b', side: 0 | 1): number {
  const { length } = call.type(operand).shape
  return length - 2 + (call.flag(`transpose_${operand}`) ? 1 - side : side)
}

function sideOf(call: Typed, operand: 'a' | 'b', side: 0 | 1): number {
  return sizeOf(call.type(operand).shape, axisOfSide(call, operand, side))
}

function written(call: Typed, operand: 'a' | 'b'): string {
  return `${shapeText(call.type(operand))}${call.flag(`transpose_${operand}`) ? ' transposed' : ''}`
}

function swapped(x: Tensor): Tensor {
  const order = x.shape.map((_, axis) => axis)
  return permute(x, [...order.slice(0, -2), order.length - 1, order.length - 2])
}

/** Products of the matrices in the last two axes; the others are equal. */
export function product(a: Tensor, b: Tensor): Tensor {
  const rank = a.shape.length
  const [rows, inner, columns] = [size(a, rank - 2), size(a, rank - 1), size(b, rank - 1)]
  const out = zeros([...a.shape.slice(0, -1), columns])
  const count = elements(a.shape.slice(0, -2))
  for (let m = 0; m < count; m++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0
        for (let k = 0; k < inner; k++) sum += at(a, (m * rows + i) * inner + k) * at(b, (m * inner + k) * columns + j)
        out.data[(m * rows + i) * columns + j] = sum
      }
  return out
}
