import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axesOf, checkedAxes, pytorchAxes } from '../support/axes.js'
import { sizeOf } from '../support/shapes.js'
import { concatenate, size, sliceAlong } from '../support/tensor.js'

export const roll: Operation = {
  name: 'roll',
  documentation: {
    summary: 'Shifts the values along some axes; what leaves at one end enters at the other.',
    details:
      'The value at index i moves to i + shift. Shifted windows of a Swin transformer are windows of a rolled map.',
    example: 'shifted = roll(trunk.layer3, -3, over = space)',
    source: 'torch.roll; Liu et al. 2021 (Swin Transformer), figure 4',
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    {
      name: 'shift',
      kind: { is: 'integer' },
      meaning: 'number of places, the same along each axis; negative towards the beginning',
    },
    axesArgument('the axes that are shifted'),
  ],
  typing: { infer: (call) => checkedAxes(call, 'x') && [call.type('x')] },
  semantics: { preserves: ['unit length', 'enlarged'] },
  lowering: {
    layout: 'preserved',
    tfjs(call) {
      const shifts = shiftsOf(call).map(({ axis, first }) => ({ axis: call.axis('x', axis), first }))
      return call.genericRuntime(
        'roll',
        call.input('x'),
        source(`[${shifts.map(({ axis, first }) => `[${axis}, ${first}]`).join(', ')}]`),
      )
    },
    pytorch: {
      underAutocast: 'as it comes',
      expression(call) {
        const axes = axesOf(call, 'x')
        const shift = call.number('shift')
        const shifts = axes.length === 1 ? shift : axes.map(() => shift)
        return call.torch('torch.roll', call.input('x'), literal(shifts), pytorchAxes(axes))
      },
    },
    onnx(call) {
      const shifts = shiftsOf(call)
      let x = call.input('x')
      for (const [index, { axis, first }] of shifts.entries()) {
        const step = shifts.length > 1 ? `_${index}` : ''
        const part = (name: string, begin: number, end: number) =>
          call.add('Slice', [x, call.int64([begin]), call.int64([end]), call.int64([axis])], {}, `${name}${step}`)
        const parts = [part('end', first, sizeOf(call.type('x').shape, axis)), part('start', 0, first)]
        const isLast = index === shifts.length - 1
        x = call.add('Concat', parts, { axis }, isLast ? undefined : `rolled${step}`)
      }
      return [shifts.length === 0 ? call.add('Identity', [x]) : x]
    },
  },
  reference(call) {
    let x = call.tensor('x')
    for (const { axis, first } of shiftsOf(call))
      x = concatenate([sliceAlong(x, axis, first, size(x, axis)), sliceAlong(x, axis, 0, first)], axis)
    return [x]
  },
  cases: [
    {
      name: 'maps towards the beginning',
      inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } },
      arguments: { shift: -1, over: 'space' },
    },
    {
      name: 'rows of windows',
      inputs: { x: { shape: [2, 5, 3], fill: 'random' } },
      arguments: { shift: 2, over: 0 },
    },
    {
      name: 'further than once around',
      inputs: { x: { shape: [1, 4], fill: 'random' } },
      arguments: { shift: -7, over: 'last' },
    },
    {
      name: 'by nothing',
      inputs: { x: { shape: [1, 2, 2, 2], fill: 'random' } },
      arguments: { shift: 2, over: 'space' },
    },
  ],
}

/** The start index along each axis; axes with a shift of a whole multiple of their size are omitted. */
function shiftsOf(call: Typed): readonly { readonly axis: number; readonly first: number }[] {
  return axesOf(call, 'x').flatMap((axis) => {
    const length = sizeOf(call.type('x').shape, axis)
    const first = ((-call.number('shift') % length) + length) % length
    return first === 0 ? [] : [{ axis, first }]
  })
}
