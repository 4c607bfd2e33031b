import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import {
  axesArgument,
  checkedLastAxis,
  isLastStored,
  lastAxisOf,
  lastAxisSize,
  layoutWithLast,
} from '../support/axes.js'
import { alongAxis, at } from '../support/tensor.js'

export const rmsNorm: Operation = {
  name: 'rms_norm',
  documentation: {
    summary: 'Divides the values along one axis by their root mean square, and scales them.',
    formula: String.raw`y = \frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \varepsilon}}\,\gamma`,
    details: 'y = x / sqrt(mean of x squared + eps) weight, where the mean is that along the axis.',
    example: 'normalised = rms_norm(trunk.layer3, over = channels)',
    source: 'Zhang and Sennrich 2019, equation 4; torch.nn.RMSNorm; eps: RmsNorm of timm',
  },
  arguments: [
    tensorArgument('x', 'tokens, or any tensor with a batch'),
    {
      name: 'eps',
      kind: { is: 'number', above: 0, to: 1 },
      default: 1e-6,
      meaning: 'added to the mean square, to keep the division finite',
      source: 'RmsNorm of timm',
      varies: true,
      byPhase: false,
    },
    axesArgument('the axis along which values are normalised; by default the last', null),
  ],
  typing: {
    infer: (call) =>
      checkedLastAxis(call, 'x', 'a row or tokens, or have `over` for its axis') === undefined
        ? undefined
        : [call.type('x')],
    parameters: (call) => [
      {
        role: 'weight',
        shape: [lastAxisSize(call, 'x')],
        initializer: { kind: 'constant', value: 1 },
        trainable: true,
      },
    ],
  },
  lowering: {
    layout: (call) => layoutWithLast(call, 'x', lastAxisOf(call, 'x')),
    tfjs(call) {
      const axis = call.axis('x', lastAxisOf(call, 'x'))
      const options = call.options('eps')
      if (isLastStored(call, 'x', axis)) return call.genericRuntime('rmsNorm', call.input('x'), call.scope(), options)
      return call.genericRuntime('rmsNorm', call.input('x'), call.scope(), options ?? source('{}'), source(`${axis}`))
    },
    pytorch: {
      underAutocast: 'float32',
      module: (call) => ({
        type: python.RmsNorm,
        arguments: [
          { name: 'features', value: lastAxisSize(call, 'x'), positional: true, width: true },
          {
            name: 'axis',
            value: lastAxisOf(call, 'x') === call.type('x').shape.length - 1 ? -1 : lastAxisOf(call, 'x'),
            default: -1,
          },
          { name: 'eps', value: call.number('eps'), default: 1e-6 },
        ],
      }),
      expression: (call) => call.module(call.input('x')),
    },
    onnx(call) {
      // The pattern of nodes that ONNX Runtime fuses into one kernel.
      const axis = lastAxisOf(call, 'x')
      const x = call.input('x')
      const squares = call.add('Pow', [x, call.float(2)], {}, 'squares')
      const mean = call.add('ReduceMean', [squares, call.int64([axis])], { keepdims: 1 }, 'mean')
      const root = call.add('Sqrt', [call.add('Add', [mean, call.float(call.number('eps'))], {}, 'eps')], {}, 'root')
      const normalised = call.add('Div', [x, root], {}, 'normalised')
      const after = call.type('x').shape.length - 1 - axis
      const along = Array.from({ length: after }, () => 1)
      const weight =
        after === 0
          ? call.parameter('weight')
          : call.add('Reshape', [call.parameter('weight'), call.int64([-1, ...along])], {}, 'weight')
      return [call.add('Mul', [normalised, weight])]
    },
  },
  reference(call) {
    const weight = call.parameter('weight')
    return [
      alongAxis(call.tensor('x'), lastAxisOf(call, 'x'), (values) => {
        const sum = values.reduce((total, value) => total + value ** 2, 0)
        const square = call.rounded(sum / values.length, values.length)
        return values.map((value, index) => (value / Math.sqrt(square + call.number('eps'))) * at(weight, index))
      }),
    ]
  },
  cases: [
    { name: 'tokens', inputs: { x: { shape: [2, 3, 8], fill: 'random' } } },
    { name: 'a row', inputs: { x: { shape: [3, 5], fill: 'random' } }, arguments: { eps: 1e-3 } },
    {
      name: 'the channels of feature maps',
      inputs: { x: { shape: [2, 6, 3, 2], fill: 'random' } },
      arguments: { over: 'channels' },
    },
    {
      name: 'the columns of feature maps',
      inputs: { x: { shape: [1, 2, 3, 4], fill: 'random' } },
      arguments: { over: 'last' },
    },
    { name: 'zeros', inputs: { x: { shape: [1, 2, 4], fill: 'zeros' } }, noGradient: true },
  ],
}
