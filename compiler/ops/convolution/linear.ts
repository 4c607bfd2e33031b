import { literal, method } from '../../targets/pytorch/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { biasArgument, tensorArgument } from '../support/arguments.js'
import { dimension, elementsPerImage, floats, wrongRank } from '../support/shapes.js'
import { at, rows, zeros } from '../support/tensor.js'

const featuresOf = (call: Typed) => elementsPerImage(call.type('x'))

export const linear: Operation = {
  name: 'linear',
  documentation: {
    summary: 'Applies a fully connected layer.',
    details:
      'y = weight x + bias. Part features (maps x features) are flattened to one row first. Weights and biases are initialised uniformly between -1 / sqrt(inputs) and 1 / sqrt(inputs).',
    example: 'logits = trunk.layer3 -> global_avg_pool -> linear(classes)',
    source: 'torch.nn.Linear',
  },
  arguments: [
    { ...tensorArgument('x', 'one row per image, or part features'), unlikely: 'unit length' },
    {
      name: 'units',
      kind: { is: 'integer', from: 1 },
      meaning: 'number of outputs; for a classifier, the classes',
      weightsOnly: true,
    },
    biasArgument,
  ],
  typing: {
    infer(call) {
      const { element, shape } = call.type('x')
      const batch = shape[0]
      if (element !== 'float' || !batch || (shape.length !== 2 && shape.length !== 3))
        return wrongRank(
          call,
          'x',
          'one row of numbers, or part features (maps x features); flatten feature maps first',
        )
      return [floats([batch, dimension('classes', call.number('units'))])]
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
    multiplyAdds: (call) => featuresOf(call) * call.number('units'),
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('linear', call.input('x'), call.scope()),
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
        return call.module(call.type('x').shape.length === 2 ? x : method(x, 'flatten', literal(1)))
      },
    },
    onnx(call) {
      const inputs = featuresOf(call)
      const x =
        call.type('x').shape.length === 2
          ? call.input('x')
          : call.add('Reshape', [call.input('x'), call.int64([-1, inputs])], {}, 'flatten')
      const bias = call.flag('bias') ? [call.parameter('bias')] : []
      return [call.add('Gemm', [x, call.parameter('weight'), ...bias], { transB: 1 })]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const [count, inputs] = rows(x)
    const weight = call.parameter('weight')
    const bias = call.flag('bias') ? call.parameter('bias') : undefined
    const units = call.number('units')
    const out = zeros([count, units])
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
    { name: 'part features', inputs: { x: { shape: [2, 3, 4], fill: 'random' } }, arguments: { units: 3 } },
  ],
}
