import { present } from '../../../grammar/present.js'
import { shapeText } from '../../graph/graph.js'
import { attribute, literal, method, subscript } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Inference, Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, elementsPerImage, floats, mostAxes, numbered, wrongRank } from '../support/shapes.js'
import { size } from '../support/tensor.js'

/** The sizes of a call that was checked. */
function sizes(call: Typed): readonly number[] {
  return present(wantedSizes(call), 'a shape that fits')
}

/** The requested sizes with -1 resolved; undefined if they do not match. */
function wantedSizes(call: Typed): readonly number[] | undefined {
  const total = elementsPerImage(call.type('x'))
  const wanted = call.integers('shape')
  const known = wanted.reduce((product, length) => (length === -1 ? product : product * length), 1)
  const open = wanted.filter((length) => length === -1).length
  if (open > 1 || wanted.some((length) => length < -1 || length === 0)) return undefined
  if (open === 1 ? total % known !== 0 : total !== known) return undefined
  return wanted.map((length) => (length === -1 ? total / known : length))
}

/** Axes of a reshaped tensor have numbers instead of names, except for a single row. */
function axisName(rank: number, index: number): string {
  return rank === 1 ? 'features' : numbered(index)
}

export const reshape: Operation = {
  name: 'reshape',
  documentation: {
    summary: 'Changes the shape of a tensor, image by image.',
    details:
      'Values are read in channels-first, row-major order on every target. One size may be -1; it is inferred from the others.',
    example: 'row = reshape(trunk.layer3, [-1])',
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    {
      name: 'shape',
      kind: { is: 'integers' },
      meaning: 'the new sizes without the batch, such as [channels, height, width] or [-1, 64]',
    },
  ],
  typing: {
    infer(call: Inference) {
      const type = call.type('x')
      const batch = type.shape[0]
      if (!batch || type.element !== 'float') return wrongRank(call, 'x', 'numbers for each image')
      const sizes = wantedSizes(call)
      if (!sizes)
        return call.fail(
          'reshape-mismatch',
          { shape: shapeText(type), values: elementsPerImage(type), wanted: `[${call.integers('shape').join(', ')}]` },
          ['x'],
        )
      if (sizes.length > mostAxes) {
        const values = {
          name: 'shape',
          value: `${sizes.length} sizes`,
          range: `at most ${mostAxes} sizes`,
          advice: undefined,
        }
        return call.fail('out-of-range', values)
      }
      return [floats([batch, ...sizes.map((length, index) => dimension(axisName(sizes.length, index), length))])]
    },
  },
  lowering: {
    layout: 'channels first',
    tfjs: (call) => call.tf('reshape', call.input('x'), source(`[${call.outputSizes().join(', ')}]`)),
    pytorch: {
      underAutocast: 'as it comes',
      expression(call) {
        const x = call.input('x')
        const shape = call.integers('shape')
        // Only one size can be -1: if another one is, the batch has its symbol.
        const batch = shape.includes(-1) ? subscript(attribute(x, 'shape'), literal(0)) : literal(-1)
        return method(x, 'reshape', batch, ...shape.map((size) => literal(size)))
      },
    },
    onnx: (call) => [call.add('Reshape', [call.input('x'), call.int64([0, ...sizes(call)])])],
  },
  reference(call) {
    const x = call.tensor('x')
    return [{ shape: [size(x, 0), ...sizes(call)], data: x.data }]
  },
  cases: [
    { name: 'a row to maps', inputs: { x: { shape: [2, 12], fill: 'random' } }, arguments: { shape: [3, 2, 2] } },
    {
      name: 'maps to parts, one size open',
      inputs: { x: { shape: [2, 4, 2, 3], fill: 'random' } },
      arguments: { shape: [4, -1] },
    },
    { name: 'one number to a row', inputs: { x: { shape: [3], fill: 'random' } }, arguments: { shape: [1, 1] } },
    {
      name: 'maps to windows',
      inputs: { x: { shape: [2, 3, 4, 6], fill: 'random' } },
      arguments: { shape: [3, 2, 2, 3, 2] },
    },
    {
      name: 'maps to other maps',
      inputs: { x: { shape: [1, 4, 2, 3], fill: 'random' } },
      arguments: { shape: [2, 3, 4] },
    },
  ],
}
