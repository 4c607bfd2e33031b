import { shapeText, type TensorType } from '../../graph/graph.js'
import type { OnnxCall } from '../../targets/onnx/lowering.js'
import type { Expression as PythonExpression } from '../../targets/pytorch/expression.js'
import type { PytorchCall } from '../../targets/pytorch/lowering.js'
import type { Expression } from '../../targets/tfjs/expression.js'
import type { TfjsCall } from '../../targets/tfjs/lowering.js'
import type { Inference, Typed } from '../call.js'
import type { ArgumentSpec, Documentation, Operation, Semantics } from '../operation.js'
import { alignedOnnx, alignedPytorch, alignedSizes, alignedTfjs, broadcast, combineBroadcast } from './broadcasting.js'
import type { Case } from './case.js'
import { map, tensor } from './tensor.js'

type Pointwise = Pick<Operation, 'name' | 'documentation' | 'semantics' | 'lowering' | 'cases'> &
  (
    | { readonly arguments?: undefined; readonly compute: (value: number) => number }
    /** With arguments beside `x`. */
    | { readonly arguments: readonly ArgumentSpec[]; readonly compute: (value: number, call: Typed) => number }
  )

/** Returns an operation that computes each element by itself; the output has the input's shape. Without other arguments it takes a number as well. */
export function pointwise(spec: Pointwise): Operation {
  const { name, documentation, semantics, lowering, cases } = spec
  return {
    name,
    documentation,
    semantics: { ...semantics, takesPairs: true },
    arguments: [{ name: 'x', kind: { is: 'tensor' }, meaning: 'any tensor' }, ...(spec.arguments ?? [])],
    typing: { infer: (call) => [call.type('x')] },
    ...(!spec.arguments && { constant: spec.compute }),
    lowering: { layout: 'preserved', ...lowering },
    reference: (call) => [map(call.tensor('x'), (value) => spec.compute(value, call))],
    cases,
  }
}

/** An operand of an elementwise operation: a tensor, or a number that is combined with every element. */
export const operand = (name: string, meaning: string): ArgumentSpec => ({
  name,
  kind: { is: 'tensor or number' },
  meaning: `${meaning}: a tensor or a number`,
})

interface Elementwise {
  readonly name: string
  /** The callee in messages: its operator in backquotes, or its name. */
  readonly callee: string
  readonly documentation: Documentation
  /** In the order in which they are given; `tensor` operands cannot be numbers. */
  readonly operands: readonly ArgumentSpec[]
  readonly semantics?: Semantics
  /** Returns whether the numbers among the operands are allowed; reports those that are not. */
  readonly accepts?: (call: Inference) => boolean
  readonly tfjs: (call: TfjsCall, operands: readonly Expression[]) => Expression
  readonly pytorch: (call: PytorchCall, operands: readonly PythonExpression[]) => PythonExpression
  readonly onnx: (call: OnnxCall, operands: readonly string[]) => string
  readonly compute: (...values: readonly number[]) => number
  readonly cases: readonly Case[]
}

/** Returns an operation that combines tensors and numbers element by element, with NumPy's broadcasting. */
export function elementwise(spec: Elementwise): Operation {
  const { name, callee, documentation, operands, semantics, accepts, compute, cases } = spec
  const names = operands.map((one) => one.name)
  return {
    name,
    documentation,
    arguments: operands,
    typing: {
      infer(call) {
        if (accepts?.(call) === false) return undefined
        const tensors = names.filter((one) => !isNumber(call, one))
        const types = tensors.map((one) => call.type(one))
        const result = broadcast(types)
        if (types.length > 0 && !result) return mismatch(call, callee, tensors, types)
        return result && [result]
      },
    },
    semantics: { ...semantics, broadcasts: true, takesPairs: true },
    ...(operands.every(({ kind }) => kind.is === 'tensor or number') && { constant: compute }),
    lowering: {
      // With an operand of higher rank, one of rank 4 is aligned from its last axis in the order of the language.
      layout: (call) =>
        names.some((one) => call.types(one).some(({ shape }) => shape.length > 4)) ? 'channels first' : 'preserved',
      tfjs: (call) =>
        spec.tfjs(
          call,
          names.map((one) => (call.value(one) === undefined ? alignedTfjs(call, one) : call.code(one))),
        ),
      pytorch: {
        expression(call) {
          const types = names.filter((one) => !isNumber(call, one)).map((one) => call.type(one))
          const rank = Math.max(...types.map(({ shape }) => shape.length))
          return spec.pytorch(
            call,
            names.map((one) =>
              isNumber(call, one) ? call.code(one) : alignedPytorch(call.input(one), call.type(one).shape.length, rank),
            ),
          )
        },
      },
      onnx: (call) => [
        spec.onnx(
          call,
          names.map((one) => (isNumber(call, one) ? call.float(call.number(one)) : alignedOnnx(call, one))),
        ),
      ],
    },
    reference: (call) => [
      combineBroadcast(
        names.map((one) => (isNumber(call, one) ? tensor([1], [call.number(one)]) : call.tensor(one))),
        compute,
      ),
    ],
    cases,
  }
}

/** Reports shapes that do not broadcast. */
function mismatch(
  call: Inference,
  callee: string,
  tensors: readonly string[],
  types: readonly TensorType[],
): undefined {
  const aligns = types.every(({ element, shape }) => element === 'float' && shape.length > 0)
  const axes = aligns ? { axes: alignedSizes(types) } : {}
  return call.fail('shape-mismatch', { callee, shapes: types.map(shapeText), ...axes }, tensors)
}

export function isNumber(call: { types(argument: string): readonly unknown[] }, argument: string): boolean {
  return call.types(argument).length === 0
}

/** Cases of two operands: equal shapes, a number on either side, and what broadcasts. The right values are never zero. */
export function binaryCases(left: string, right: string): readonly Case[] {
  const pair = (a: readonly number[], b: readonly number[]): Case['inputs'] => ({
    [left]: { shape: a, fill: 'random' },
    [right]: { shape: b, fill: { values: nonzero(b.reduce((product, size) => product * size, 1)) } },
  })
  return [
    { name: 'two tensors', inputs: pair([2, 3, 4, 5], [2, 3, 4, 5]) },
    {
      name: 'a number on the right',
      inputs: { [left]: { shape: [3, 4], fill: 'random' } },
      arguments: { [right]: 2.5 },
    },
    {
      name: 'a number on the left',
      inputs: { [right]: { shape: [3, 4], fill: { values: nonzero(12) } } },
      arguments: { [left]: -1.5 },
    },
    { name: 'a value for each channel', inputs: pair([2, 3, 4, 5], [2, 3, 1, 1]) },
    { name: 'a map for all channels', inputs: pair([2, 4, 5], [2, 3, 4, 5]) },
    { name: 'a row for maps', inputs: pair([2, 3, 4, 5], [2, 5]) },
    { name: 'a column with a row', inputs: pair([2, 3, 1], [2, 4]) },
    { name: 'feature maps with more axes', inputs: pair([1, 3, 2, 2], [1, 2, 1, 2, 1]) },
  ]
}

/** Values of both signs away from zero, so that they can be divided by. */
export function nonzero(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1) * (0.5 + i / count))
}
