import type { Dimension, TensorType } from '../../graph/graph.js'
import { namedAxis } from '../../ops/support/axes.js'
import { tensorOf, type Value } from '../values.js'
import type { CompileTimeFunction, FunctionCall } from './function.js'

/** Returns the axes of a tensor of numbers without the batch. */
function axesOf(type: TensorType): readonly Dimension[] | undefined {
  return type.element === 'float' ? type.shape.slice(1) : undefined
}

/** The height or the width of feature maps and single maps. */
function spatial(name: 'height' | 'width', example: string): CompileTimeFunction {
  return {
    name,
    summary: `Returns the ${name} of feature maps or of a single map.`,
    example,
    parameters: [{ name: 'x', meaning: 'feature maps (channels x height x width) or a map (height x width)' }],
    evaluate(call) {
      const tensor = tensorArgument(call, 'x')
      const axis = tensor && axisNamed(name, tensor)
      return axis ? sizeOf(call, axis) : call.wrong('x', 'a tensor with height and width')
    },
  }
}

function axisNamed(name: string, { element, shape }: TensorType): Dimension | undefined {
  return element === 'float' ? shape[namedAxis(name, shape)] : undefined
}

function tensorArgument(call: FunctionCall, name: string): TensorType | undefined {
  const argument = call.argument(name)
  return argument && tensorOf(argument.value)?.type
}

/** Returns the size of an axis; the number of images in a batch is not known, which is reported. */
function sizeOf(call: FunctionCall, { size }: Dimension): Value | undefined {
  return size === undefined ? call.wrong('x', 'a tensor with an axis of known length') : { kind: 'number', value: size }
}

export const sizeFunctions: readonly CompileTimeFunction[] = [
  {
    name: 'channels',
    summary: 'Returns the number of channels of feature maps.',
    example: 'wide = conv2d(trunk.layer3, 2 * channels(trunk.layer3), 1)',
    parameters: [
      { name: 'x', meaning: 'feature maps (channels x height x width)' },
      { name: 'count', meaning: 'no longer taken: slice(x, 0, COUNT) selects channels', optional: true },
      { name: 'first', meaning: 'no longer taken: slice(x, FIRST, END) selects channels', optional: true },
    ],
    evaluate(call) {
      for (const selecting of ['count', 'first'])
        if (call.argument(selecting))
          return call.wrong(
            selecting,
            'left out: `channels(x)` is a number, and `slice(x, BEGIN, END)` selects channels',
          )
      const tensor = tensorArgument(call, 'x')
      const axis = tensor && axisNamed('channels', tensor)
      return axis ? sizeOf(call, axis) : call.wrong('x', 'a tensor with channels')
    },
  },
  spatial('height', 'same = resize(maps, height(trunk.layer3))'),
  spatial('width', 'columns = width(trunk.layer3)'),
  {
    name: 'length',
    summary:
      'Returns how many items a list has, how many rounds a repeat has, or the size of one axis of a tensor. Axes are counted from 0 without the batch; negative ones count from the last.',
    example: 'stages  = length(depths)\nfilters = length(trunk.layer3, 0)',
    parameters: [
      { name: 'x', meaning: 'a list, a repeat or a tensor' },
      { name: 'axis', meaning: 'the axis of a tensor', optional: true },
    ],
    evaluate(call) {
      const [x, axis] = [call.argument('x'), call.argument('axis')]
      if (x?.value.kind === 'list')
        return axis ? call.wrong('axis', 'left out for a list') : { kind: 'number', value: x.value.items.length }
      if (!axis && x?.value.kind === 'instance' && x.value.rounds)
        return { kind: 'number', value: x.value.rounds.length }
      const tensor = tensorArgument(call, 'x')
      const axes = tensor && axesOf(tensor)
      if (!axes || axes.length === 0) return call.wrong('x', axis ? 'a tensor with axes' : 'a list')
      const range = `a whole number from ${-axes.length} to ${axes.length - 1}`
      const number = axis && call.number('axis')
      if (!axis) return call.wrong('x', 'a list, or a tensor with the number of an axis')
      if (number === undefined) return undefined
      const found = axes.at(number)
      return found && Number.isInteger(number) ? sizeOf(call, found) : call.wrong('axis', range)
    },
  },
]
