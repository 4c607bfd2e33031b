import { elementAt } from '../../../grammar/present.js'
import { slice as sliceCode, subscript } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axisOf, checkedAxis } from '../support/axes.js'
import { floats, sizeOf } from '../support/shapes.js'
import { sliceAlong } from '../support/tensor.js'

export const slice: Operation = {
  name: 'slice',
  documentation: {
    summary: 'Selects a range along one axis: some channels of a layer, the class token.',
    details: 'The range begins at `begin` and ends before `end`. Negative numbers count from the end.',
    example: 'attention = slice(trunk.layer3, end = 32)',
    source: "numpy's x[begin:end]; the official WS-DAN code takes the first 32 channels of Mixed_7a's first branch",
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    { name: 'begin', kind: { is: 'integer' }, default: 0, meaning: 'index of the first value' },
    {
      name: 'end',
      kind: { is: 'integer' },
      default: null,
      meaning: 'index after the last value; by default the size of the axis',
    },
    axesArgument('the axis', 'channels'),
  ],
  typing: {
    infer(call) {
      const axis = checkedAxis(call, 'x')
      if (axis === undefined) return undefined
      const { shape } = call.type('x')
      const size = sizeOf(shape, axis)
      const { begin, end } = rangeOf(call, axis)
      const given = (name: string) => String(call.number(name))
      const advice = `${elementAt(shape, axis).name} has the size ${size}`
      if (begin < 0 || begin >= size) {
        const range = `from ${-size} to ${size - 1}`
        return call.fail('out-of-range', { name: 'begin', value: given('begin'), range, advice }, ['x'])
      }
      if (end <= begin || end > size) {
        const range = `from ${begin + 1} to ${size}`
        return call.fail('out-of-range', { name: 'end', value: given('end'), range, advice }, ['x'])
      }
      return [floats(shape.map((one, index) => (index === axis ? { ...one, size: end - begin } : one)))]
    },
  },
  semantics: { preserves: ['enlarged'] },
  lowering: {
    layout: 'preserved',
    tfjs(call) {
      const { begin, end, axis } = sliceOf(call)
      const stored = call.axis('x', axis)
      const list = (at: number, others: number) =>
        source(
          `[${call
            .sizes('x')
            .map((_, index) => (index === stored ? at : others))
            .join(', ')}]`,
        )
      return call.tf('slice', call.input('x'), list(begin, 0), list(end - begin, -1))
    },
    pytorch: {
      underAutocast: 'as it comes',
      expression(call) {
        const { begin, end, axis } = sliceOf(call)
        const before = Array.from({ length: axis }, () => sliceCode())
        const size = sizeOf(call.type('x').shape, axis)
        const range = sliceCode(begin === 0 ? undefined : begin, end === size ? undefined : end)
        return subscript(call.input('x'), ...before, range)
      },
    },
    onnx(call) {
      const { begin, end, axis } = sliceOf(call)
      const bounds = [[begin], [end], [axis]].map((values) => call.int64(values))
      return [call.add('Slice', [call.input('x'), ...bounds])]
    },
  },
  reference(call) {
    const { begin, end, axis } = sliceOf(call)
    return [sliceAlong(call.tensor('x'), axis, begin, end)]
  },
  cases: [
    { name: 'the first channels', inputs: { x: { shape: [2, 5, 3, 2], fill: 'random' } }, arguments: { end: 2 } },
    {
      name: 'channels in the middle',
      inputs: { x: { shape: [2, 5, 2, 2], fill: 'random' } },
      arguments: { begin: 1, end: 4 },
    },
    {
      name: 'the class token',
      inputs: { x: { shape: [2, 4, 3], fill: 'random' } },
      arguments: { end: 1, over: 0 },
    },
    {
      name: 'all but the first column',
      inputs: { x: { shape: [1, 2, 3, 4], fill: 'random' } },
      arguments: { begin: 1, over: 'last' },
    },
    {
      name: 'from the end',
      inputs: { x: { shape: [2, 6], fill: 'random' } },
      arguments: { begin: -3, end: -1, over: 'last' },
    },
  ],
}

function sliceOf(call: Typed) {
  const axis = axisOf(call, 'x')
  return { axis, ...rangeOf(call, axis) }
}

function rangeOf(call: Typed, axis: number): { readonly begin: number; readonly end: number } {
  const size = sizeOf(call.type('x').shape, axis)
  const counted = (index: number) => (index < 0 ? size + index : index)
  return { begin: counted(call.number('begin')), end: call.has('end') ? counted(call.number('end')) : size }
}
