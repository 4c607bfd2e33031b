import { elementAt } from '../../../grammar/present.js'
import { shapeText } from '../../graph/graph.js'
import type { OnnxCall } from '../../targets/onnx/lowering.js'
import { arithmetic, method, type Expression as PythonExpression } from '../../targets/pytorch/expression.js'
import type { PytorchCall } from '../../targets/pytorch/lowering.js'
import { array, type Expression, source } from '../../targets/tfjs/expression.js'
import type { TfjsCall } from '../../targets/tfjs/lowering.js'
import type { Inference } from '../call.js'
import type { ArgumentSpec, Operation, Semantics } from '../operation.js'
import * as python from '../python/index.js'
import { keepArgument, keepKeyword, tensorArgument } from '../support/arguments.js'
import { axesArgument, axesOf, checkedAxes, droppingLayout, pytorchAxes, storedAxesCode } from '../support/axes.js'
import type { Case, CaseInput } from '../support/case.js'
import { floats, sameShape } from '../support/shapes.js'
import { combine, map, reduceOver } from '../support/tensor.js'

interface Reduction {
  readonly name: string
  readonly summary: string
  readonly formula?: string
  readonly details?: string
  readonly source?: string
  readonly tfjs: (call: TfjsCall, axes: Expression, keep: Expression | undefined) => Expression
  readonly pytorch: (call: PytorchCall, axes: readonly number[]) => PythonExpression
  readonly onnx: (call: OnnxCall, axes: readonly number[], keepdims: number) => string
  readonly compute: (values: readonly number[]) => number
  readonly semantics?: Semantics
  readonly cases?: readonly Case[]
}

/** Returns an operation that computes one number from the values along its axes. */
export function reduction(spec: Reduction): Operation {
  const { name, summary, formula, details, semantics, compute, cases = reductionCases('x', (input) => input) } = spec
  return {
    name,
    documentation: {
      summary,
      ...(formula !== undefined && { formula }),
      details: [details, 'With keep = true the reduced axes stay with size 1, as broadcasting needs them.']
        .filter((text) => text !== undefined)
        .join(' '),
      example: `pooled = ${name}(trunk.layer3, over = space)\ngate   = ${name}(trunk.layer3, over = space, keep = true)`,
      ...(spec.source !== undefined && { source: spec.source }),
    },
    arguments: [
      tensorArgument('x', 'any tensor with a batch'),
      axesArgument('the axes that are reduced'),
      keepArgument,
    ],
    typing: { infer: (call) => reducedType(call) },
    semantics: { ...semantics, takesPairs: true },
    lowering: {
      layout: (call) => (call.flag('keep') ? 'preserved' : droppingLayout(call, 'x', axesOf(call, 'x'))),
      tfjs: (call) =>
        spec.tfjs(call, storedAxesCode(call, 'x', axesOf(call, 'x')), call.flag('keep') ? source('true') : undefined),
      pytorch: { expression: (call) => spec.pytorch(call, axesOf(call, 'x')) },
      onnx: (call) => [spec.onnx(call, axesOf(call, 'x'), Number(call.flag('keep')))],
    },
    reference: (call) => [reduceOver(call.tensor('x'), axesOf(call, 'x'), call.flag('keep'), compute)],
    cases,
  }
}

interface Linear {
  readonly name: 'mean' | 'sum'
  readonly onnx: string
  /** The ONNX operator over several tensors. */
  readonly several: string
  readonly semantics?: Semantics
}

/** Returns `mean` or `sum`, which differ in one division and also take several tensors. */
export function linearReduction({ name, onnx, several, semantics }: Linear): Operation {
  const average = name === 'mean'
  const total = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / (average ? values.length : 1)
  const single = reduction({
    name,
    summary: `Computes the ${name} of one tensor over some of its axes, or of several tensors element by element.`,
    tfjs: (call, axes, keep) => call.tf(name, call.input('x'), axes, keep),
    pytorch: (call, axes) => method(call.input('x'), name, pytorchAxes(axes), keepKeyword(call)),
    onnx: (call, axes, keepdims) => call.add(onnx, [call.input('x'), call.int64(axes)], { keepdims }),
    compute: total,
  })
  const isSingle = (call: { types(argument: string): readonly unknown[] }) => call.types('x').length === 1
  const { layout, pytorch, onnx: onnxOfOne, tfjs } = single.lowering
  return {
    ...single,
    documentation: {
      ...single.documentation,
      details: `Over channels, feature maps become a single map (height x width); over space, one value per channel; with keep = true the reduced axes stay with size 1, as broadcasting needs them. Several tensors must have the same shape.`,
      example: `guide  = ${name}(attention)\npooled = ${name}(trunk.layer3, over = space)\ngate   = ${name}(trunk.layer3, over = space, keep = true)`,
    },
    arguments: [
      { name: 'x', kind: { is: 'tensors', atLeast: 1 }, meaning: 'any tensor with a batch, or several of one shape' },
      axesOverChannels,
      keepArgument,
    ],
    typing: { infer: (call) => (isSingle(call) ? reducedType(call) : commonType(call, name)) },
    semantics: { ...semantics, takesPairs: true },
    lowering: {
      layout: (call) => (isSingle(call) && typeof layout === 'function' ? layout(call) : 'preserved'),
      tfjs(call) {
        const inputs = call.inputs('x')
        if (inputs.length === 1) return tfjs(call)
        const added = call.tf('addN', array(inputs))
        return average ? call.tf('div', added, source(`${inputs.length}`)) : added
      },
      pytorch: {
        expression(call) {
          const inputs = call.inputs('x')
          if (inputs.length === 1) return pytorch.expression(call)
          return average ? call.helper(python.mean_of, ...inputs) : arithmetic('+', ...inputs)
        },
      },
      onnx: (call) =>
        isSingle(call) && typeof onnxOfOne === 'function' ? onnxOfOne(call) : [call.add(several, call.inputs('x'))],
    },
    reference(call) {
      const tensors = call.tensors('x')
      const rest = tensors.slice(1)
      if (rest.length === 0) return single.reference(call)
      const added = rest.reduce((a, b) => combine(a, b, (left, right) => left + right), elementAt(tensors, 0))
      return [average ? map(added, (value) => value / (rest.length + 1)) : added]
    },
    cases: [...reductionCases('x', (input) => [input]), ...severalCases],
  }
}

const axesOverChannels: ArgumentSpec = axesArgument('the axes over which a single tensor is reduced', 'channels')

/** Returns one case of each rank, over one axis and over several, without ties. */
function reductionCases(
  argument: string,
  given: (input: CaseInput) => CaseInput | readonly CaseInput[],
): readonly Case[] {
  const maps: CaseInput = { shape: [2, 5, 3, 4], fill: 'random', axes: ['channels', 'height', 'width'] }
  const one = (name: string, input: CaseInput, options: NonNullable<Case['arguments']>): Case => ({
    name,
    inputs: { [argument]: given(input) },
    arguments: options,
  })
  return [
    one('over channels', maps, { over: 'channels' }),
    one('over one channel', { ...maps, shape: [2, 1, 3, 4] }, { over: 'channels' }),
    one('over space', maps, { over: 'space' }),
    one('over channels, kept', maps, { over: 'channels', keep: true }),
    one('over space, kept', maps, { over: 'space', keep: true }),
    one('over the rows', maps, { over: 1 }),
    one('over channels and columns', maps, { over: [0, -1] }),
    one('of tokens', { shape: [2, 3, 4], fill: 'random' }, { over: 'last', keep: true }),
    one('of all values', { shape: [2, 3, 4], fill: 'random' }, { over: [0, 1] }),
    one('of windows', { shape: [1, 2, 3, 2, 2], fill: 'random' }, { over: [1, 3] }),
  ]
}

const severalCases: readonly Case[] = [
  {
    name: 'of two rows',
    inputs: {
      x: [
        { shape: [3, 4], fill: 'random' },
        { shape: [3, 4], fill: 'positive' },
      ],
    },
  },
  {
    name: 'of three maps',
    inputs: {
      x: [
        { shape: [1, 2, 3, 3], fill: 'random' },
        { shape: [1, 2, 3, 3], fill: 'ones' },
        { shape: [1, 2, 3, 3], fill: 'positive' },
      ],
    },
  },
]

function reducedType(call: Inference) {
  const axes = checkedAxes(call, 'x')
  if (!axes) return undefined
  const { shape } = call.type('x')
  const kept = call.flag('keep')
    ? shape.map((axis, index) => (axes.includes(index) ? { ...axis, size: 1 } : axis))
    : shape.filter((_, index) => !axes.includes(index))
  return [floats(kept)]
}

function commonType(call: Inference, name: string) {
  const types = call.types('x')
  const first = elementAt(types, 0)
  if (types.every((type) => sameShape(type, first))) return [first]
  return call.fail('shape-mismatch', { callee: name, shapes: types.map(shapeText) }, ['x'])
}
