import { literal, method } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { biasArgument, tensorArgument } from '../support/arguments.js'
import { dimension, elementsPerImage, floats, sizeOf, wrongRank } from '../support/shapes.js'
import { at, zeros } from '../support/tensor.js'

/** Whether all values of an image are flattened to one row: maps x features, for the classifier of bilinear pooling. */
function readsRow(call: Typed): boolean {
  const { shape } = call.type('x')
  if (call.has('over')) return call.word('over') === 'image'
  return shape.length === 3 && shape[1]?.name === 'maps' && shape[2]?.name === 'features'
}

const needsFlattening = (call: Typed) => readsRow(call) && call.type('x').shape.length > 2

/** The number of inputs of the layer. */
function featuresOf(call: Typed): number {
  const type = call.type('x')
  return readsRow(call) ? elementsPerImage(type) : sizeOf(type.shape, type.shape.length - 1)
}

export const linear: Operation = {
  name: 'linear',
  documentation: {
    summary: 'Applies a fully connected layer along the last axis.',
    formula: 'y = W x + b',
    details:
      'y = weight x + bias. Tokens (tokens x features) keep their axes but the last. Part features (maps x features) are flattened to one row first, unless over = last. Weights and biases are initialised uniformly between -1 / sqrt(inputs) and 1 / sqrt(inputs).',
    example: 'logits = trunk.layer3 -> global_avg_pool -> linear(classes)',
    source: 'torch.nn.Linear',
  },
  arguments: [
    { ...tensorArgument('x', 'one row per image, tokens, or part features'), unlikely: 'unit length' },
    {
      name: 'units',
      kind: { is: 'integer', from: 1 },
      meaning: 'number of outputs; for a classifier, the classes',
      weightsOnly: true,
    },
    biasArgument,
    {
      name: 'over',
      kind: { is: 'word', words: ['last', 'image'] },
      default: null,
      meaning:
        'the inputs of the layer: the last axis, or all values of an image as one row; by default the last axis, and for part features the image',
    },
  ],
  typing: {
    infer(call) {
      const { element, shape } = call.type('x')
      const batch = shape[0]
      // Feature maps as the input of a linear layer are a mistake: their last axis is the width.
      const last = shape.at(-1)
      if (element !== 'float' || !batch || shape.length < 2 || (last?.name === 'width' && !call.has('over')))
        return wrongRank(
          call,
          'x',
          'one row of numbers, tokens, or part features (maps x features); flatten feature maps first',
        )
      const units = dimension(shape.length === 2 || readsRow(call) ? 'classes' : 'features', call.number('units'))
      return [floats(readsRow(call) ? [batch, units] : [...shape.slice(0, -1), units])]
    },
    parameters(call) {
      const bound = 1 / Math.sqrt(featuresOf(call))
      const units = call.number('units')
      const initializer = { kind: 'uniform', bound } as const
      const weight = {
        role: 'weight',
        shape: [units, featuresOf(call)],
        initializer,
        trainable: true,
        tfjsLayout: [1, 0],
      }
      const bias = { role: 'bias', shape: [units], initializer, trainable: true }
      return call.flag('bias') ? [weight, bias] : [weight]
    },
    multiplyAdds: (call) => elementsPerImage(call.type('x')) * call.number('units'),
  },
  semantics: { lowPrecision: true },
  lowering: {
    layout: 'channels first',
    tfjs(call) {
      const x = call.input('x')
      const row = needsFlattening(call) ? call.tf('reshape', x, source(`[-1, ${featuresOf(call)}]`)) : x
      return call.genericRuntime('linear', row, call.scope())
    },
    pytorch: {
      module: (call) => ({
        type: 'nn.Linear',
        arguments: [
          { name: 'in_features', value: featuresOf(call), positional: true, width: true },
          { name: 'out_features', value: call.number('units'), positional: true, width: true },
          { name: 'bias', value: call.flag('bias'), default: true },
        ],
      }),
      expression(call) {
        const x = call.input('x')
        return call.module(needsFlattening(call) ? method(x, 'flatten', literal(1)) : x)
      },
    },
    onnx(call) {
      const inputs = featuresOf(call)
      const x = needsFlattening(call)
        ? call.add('Reshape', [call.input('x'), call.int64([-1, inputs])], {}, 'flatten')
        : call.input('x')
      const bias = call.flag('bias') ? [call.parameter('bias')] : []
      if (call.outputSizes().length === 2)
        return [call.add('Gemm', [x, call.parameter('weight'), ...bias], { transB: 1 })]
      const weight = call.add('Transpose', [call.parameter('weight')], { perm: [1, 0] }, 'weight')
      const [offset] = bias
      if (offset === undefined) return [call.add('MatMul', [x, weight])]
      return [call.add('Add', [call.add('MatMul', [x, weight], {}, 'product'), offset])]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const inputs = featuresOf(call)
    const count = x.data.length / inputs
    const weight = call.parameter('weight')
    const bias = call.flag('bias') ? call.parameter('bias') : undefined
    const units = call.number('units')
    const out = zeros([...(readsRow(call) ? x.shape.slice(0, 1) : x.shape.slice(0, -1)), units])
    for (let b = 0; b < count; b++)
      for (let u = 0; u < units; u++) {
        let sum = bias ? at(bias, u) : 0
        for (let i = 0; i < inputs; i++) sum += at(x, b * inputs + i) * at(weight, u * inputs + i)
        out.data[b * units + u] = sum
      }
    return [out]
  },
  cases: [
    { name: 'a classifier', inputs: { x: { shape: [3, 5], fill: 'random' } }, arguments: { units: 4 } },
    {
      name: 'without bias, batch 1',
      inputs: { x: { shape: [1, 6], fill: 'random' } },
      arguments: { units: 2, bias: false },
    },
    {
      name: 'part features',
      inputs: { x: { shape: [2, 3, 4], fill: 'random', axes: ['maps', 'features'] } },
      arguments: { units: 3 },
    },
    { name: 'tokens', inputs: { x: { shape: [2, 3, 4], fill: 'random' } }, arguments: { units: 5 } },
    {
      name: 'rows of channels-last maps, without bias',
      inputs: { x: { shape: [2, 2, 3, 4], fill: 'random', axes: ['height', 'width', 'channels'] } },
      arguments: { units: 2, bias: false },
    },
    {
      name: 'the columns of windows',
      inputs: { x: { shape: [1, 2, 2, 3, 2], fill: 'random' } },
      arguments: { units: 3, over: 'last' },
    },
    {
      name: 'all values of an image',
      inputs: { x: { shape: [2, 3, 4], fill: 'random' } },
      arguments: { units: 2, over: 'image' },
    },
  ],
}
