import { elementAt } from '../../../grammar/present.js'
import { shapeText } from '../../graph/graph.js'
import { arithmetic, literal, method } from '../../targets/pytorch/expression.js'
import { array, source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation, ValueProperty } from '../operation.js'
import * as python from '../python/index.js'
import { keepArgument, keepKeyword } from '../support/arguments.js'
import { featureMap, floats, sameShape } from '../support/shapes.js'
import { at, combine, map, sizes4, type Tensor, zeros } from '../support/tensor.js'

interface Reduction {
  readonly name: string
  readonly summary: string
  readonly tfjs: string
  readonly onnx: string
  /** The ONNX operator over several tensors. */
  readonly several: string
  readonly average: boolean
  readonly preserves?: readonly ValueProperty[]
}

/** `mean` and `sum`, which differ in one division. */
export function reduction({ name, summary, tfjs, onnx, several, average, preserves }: Reduction): Operation {
  return {
    name,
    documentation: {
      summary,
      details:
        'Over channels, feature maps become a single map (height x width); over space, one value per channel; with keep = true the reduced axes stay with size 1, as broadcasting needs them. Several tensors must have the same shape.',
      example: `guide  = ${name}(attention)\npooled = ${name}(trunk.layer3, over = space)\ngate   = ${name}(trunk.layer3, over = space, keep = true)`,
    },
    arguments: [
      { name: 'x', kind: { is: 'tensors', atLeast: 1 }, meaning: 'feature maps, or several tensors of one shape' },
      {
        name: 'over',
        kind: { is: 'word', words: ['channels', 'space'] },
        default: 'channels',
        meaning: 'the dimensions over which a single tensor is reduced; ignored for several tensors',
      },
      keepArgument,
    ],
    typing: {
      infer(call) {
        const types = call.types('x')
        const first = elementAt(types, 0)
        const rest = types.slice(1)
        if (rest.some((type) => !sameShape(type, first)))
          return call.fail('shape-mismatch', { callee: name, shapes: types.map(shapeText) }, ['x'])
        if (rest.length > 0) return [first]
        const x = featureMap(call, 'x')
        if (!x) return undefined
        const reduced = reducedAxes(call)
        const kept = call.flag('keep')
          ? x.shape.map((axis, index) => (reduced.includes(index) ? { ...axis, size: 1 } : axis))
          : x.shape.filter((_, index) => !reduced.includes(index))
        return [floats(kept)]
      },
    },
    ...(preserves && { semantics: { preserves } }),
    lowering: {
      tfjs(call) {
        const inputs = call.inputs('x')
        if (inputs.length === 1)
          return call.tf(
            tfjs,
            call.input('x'),
            source(call.value('over') === 'channels' ? '3' : '[1, 2]'),
            call.value('keep') ? source('true') : undefined,
          )
        const total = call.tf('addN', array(inputs))
        return average ? call.tf('div', total, source(`${inputs.length}`)) : total
      },
      pytorch: {
        expression(call) {
          const inputs = call.inputs('x')
          if (inputs.length > 1) return average ? call.helper(python.mean_of, ...inputs) : arithmetic('+', ...inputs)
          const axes = literal(call.word('over') === 'channels' ? 1 : [2, 3])
          return method(call.input('x'), name, axes, keepKeyword(call))
        },
      },
      onnx(call) {
        const inputs = call.inputs('x')
        if (inputs.length > 1) return [call.add(several, inputs)]
        const keepdims = call.flag('keep') ? 1 : 0
        return [call.add(onnx, [call.input('x'), call.int64(reducedAxes(call))], { keepdims })]
      },
    },
    reference(call) {
      const tensors = call.tensors('x')
      const first = elementAt(tensors, 0)
      const rest = tensors.slice(1)
      if (rest.length > 0) {
        const total = rest.reduce((a, b) => combine(a, b, (left, right) => left + right), first)
        return [average ? map(total, (value) => value / (rest.length + 1)) : total]
      }
      const reduced = call.word('over') === 'channels' ? overChannels(first, average) : overSpace(first, average)
      const shape = first.shape.map((size, axis) => (reducedAxes(call).includes(axis) ? 1 : size))
      return [call.flag('keep') ? { ...reduced, shape } : reduced]
    },
    cases: [
      { name: 'over channels', inputs: { x: [{ shape: [2, 5, 3, 4], fill: 'random' }] } },
      { name: 'over space', inputs: { x: [{ shape: [2, 5, 3, 4], fill: 'random' }] }, arguments: { over: 'space' } },
      {
        name: 'over channels, kept',
        inputs: { x: [{ shape: [2, 5, 3, 4], fill: 'random' }] },
        arguments: { keep: true },
      },
      {
        name: 'over space, kept',
        inputs: { x: [{ shape: [2, 5, 3, 4], fill: 'random' }] },
        arguments: { over: 'space', keep: true },
      },
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
    ],
  }
}

const reducedAxes = (call: Typed) => (call.word('over') === 'channels' ? [1] : [2, 3])

function overChannels(x: Tensor, average: boolean): Tensor {
  const [batch, channels, height, width] = sizes4(x)
  const out = zeros([batch, height, width])
  const area = height * width
  for (let i = 0; i < x.data.length; i++) {
    const cell = Math.floor(i / (area * channels)) * area + (i % area)
    out.data[cell] = at(out, cell) + at(x, i) / (average ? channels : 1)
  }
  return out
}

function overSpace(x: Tensor, average: boolean): Tensor {
  const [batch, channels, height, width] = sizes4(x)
  const out = zeros([batch, channels])
  const area = height * width
  for (let i = 0; i < x.data.length; i++) {
    const row = Math.floor(i / area)
    out.data[row] = at(out, row) + at(x, i) / (average ? area : 1)
  }
  return out
}
