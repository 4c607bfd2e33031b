import { elementAt } from '../../../grammar/present.js'
import { keyword, literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axesOf, checkedAxes } from '../support/axes.js'
import { floats } from '../support/shapes.js'
import { concatenate, map, type Tensor, zeros } from '../support/tensor.js'

export const pad: Operation = {
  name: 'pad',
  documentation: {
    summary: 'Adds cells of one value before and after along some axes.',
    details:
      'Convolutions and poolings pad both sides alike by themselves. TensorFlow\'s "same" padding adds one more cell after than before where the sum is odd.',
    example: 'padded = pad(image, after = 1, over = space)\nstem   = conv2d(padded, 32, 3, stride = 2)',
    source: 'numpy.pad with mode constant; torch.nn.functional.pad',
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    { name: 'before', kind: { is: 'integer', from: 0 }, default: 0, meaning: 'number of cells before the first one' },
    { name: 'after', kind: { is: 'integer', from: 0 }, default: 0, meaning: 'number of cells after the last one' },
    { name: 'value', kind: { is: 'number' }, default: 0, meaning: 'the value of the added cells' },
    axesArgument('the axes that are padded, each by the same'),
  ],
  typing: {
    infer(call) {
      const axes = checkedAxes(call, 'x')
      const added = call.number('before') + call.number('after')
      const padded = (size: number | undefined, axis: number) =>
        axes?.includes(axis) && size !== undefined ? size + added : size
      return axes && [floats(call.type('x').shape.map((one, axis) => ({ ...one, size: padded(one.size, axis) })))]
    },
  },
  lowering: {
    layout: 'preserved',
    tfjs(call) {
      const pairs = call.sizes('x').map(() => [0, 0])
      for (const axis of axesOf(call, 'x')) pairs[call.axis('x', axis)] = [call.number('before'), call.number('after')]
      const code = source(`[${pairs.map((pair) => `[${pair.join(', ')}]`).join(', ')}]`)
      const value = call.number('value')
      return value === 0
        ? call.tf('pad', call.input('x'), code)
        : call.tf('pad', call.input('x'), code, source(`${value}`))
    },
    pytorch: {
      underAutocast: 'as it comes',
      expression(call) {
        const axes = axesOf(call, 'x')
        const rank = call.type('x').shape.length
        // From the last axis backwards, up to the first padded one.
        const pairs = Array.from({ length: rank - elementAt(axes, 0) }, (_, index) =>
          axes.includes(rank - 1 - index) ? [call.number('before'), call.number('after')] : [0, 0],
        )
        const value = call.number('value')
        return call.torch(
          'F.pad',
          call.input('x'),
          literal(pairs.flat()),
          value === 0 ? undefined : keyword('value', literal(value)),
        )
      },
    },
    onnx(call) {
      const axes = axesOf(call, 'x')
      const side = (name: string) =>
        call.type('x').shape.map((_, axis) => (axes.includes(axis) ? call.number(name) : 0))
      const value = call.number('value')
      const pads = call.int64([...side('before'), ...side('after')])
      return [call.add('Pad', [call.input('x'), pads, ...(value === 0 ? [] : [call.float(value)])])]
    },
  },
  reference(call) {
    let x = call.tensor('x')
    for (const axis of axesOf(call, 'x'))
      x = concatenate([cells(call, x, axis, 'before'), x, cells(call, x, axis, 'after')], axis)
    return [x]
  },
  cases: [
    {
      name: 'after the end of maps',
      inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } },
      arguments: { after: 1, over: 'space' },
    },
    {
      name: 'channels, with a value',
      inputs: { x: { shape: [1, 2, 3, 2], fill: 'random' } },
      arguments: { before: 1, after: 2, value: -1.5, over: 'channels' },
    },
    { name: 'tokens', inputs: { x: { shape: [2, 3, 4], fill: 'random' } }, arguments: { before: 2, over: 0 } },
    { name: 'by nothing', inputs: { x: { shape: [1, 3], fill: 'random' } }, arguments: { over: 'last' } },
  ],
}

function cells(call: Typed, x: Tensor, axis: number, side: 'before' | 'after'): Tensor {
  const shape = x.shape.map((size, index) => (index === axis ? call.number(side) : size))
  return map(zeros(shape), () => call.number('value'))
}
