import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, checkedLastAxis, isLastStored, lastAxisOf, layoutWithLast } from '../support/axes.js'
import { logSoftmax as reference } from '../support/softmax.js'

export const logSoftmax: Operation = {
  name: 'log_softmax',
  documentation: {
    summary: 'Returns the logarithms of the probabilities of a softmax, without computing these first.',
    formula: String.raw`y_i = x_i - \log \sum_j e^{x_j}`,
    details: 'y = x - log(sum of exp(x)), along one axis.',
    example: 'logs = trunk.layer3 -> global_avg_pool -> linear(classes) -> log_softmax',
    source: 'torch.nn.functional.log_softmax',
  },
  arguments: [
    { ...tensorArgument('x', 'logits'), unlikely: 'probabilities' },
    axesArgument('the axis of the softmax; by default the last', null),
  ],
  typing: {
    infer: (call) =>
      checkedLastAxis(call, 'x', 'one row of numbers for each image, or have `over` for its axis') === undefined
        ? undefined
        : [call.type('x')],
  },
  semantics: { takesPairs: true },
  lowering: {
    layout: (call) => layoutWithLast(call, 'x', lastAxisOf(call, 'x')),
    tfjs(call) {
      const axis = call.axis('x', lastAxisOf(call, 'x'))
      return isLastStored(call, 'x', axis)
        ? call.tf('logSoftmax', call.input('x'))
        : call.genericRuntime('logSoftmaxOver', call.input('x'), source(`${axis}`))
    },
    pytorch: { expression: (call) => call.torch('F.log_softmax', call.input('x'), literal(lastAxisOf(call, 'x'))) },
    onnx(call) {
      const axis = lastAxisOf(call, 'x')
      return [call.add('LogSoftmax', [call.input('x')], { axis: axis === call.type('x').shape.length - 1 ? -1 : axis })]
    },
  },
  reference: (call) => [reference(call.tensor('x'), 1, lastAxisOf(call, 'x'))],
  cases: [
    { name: 'logits', inputs: { x: { shape: [3, 5], fill: 'random' } } },
    { name: 'large logits', inputs: { x: { shape: [1, 3], fill: { values: [1000, 999, -1000] } } }, noGradient: true },
    { name: 'over channels', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } }, arguments: { over: 'channels' } },
    { name: 'over the rows', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } }, arguments: { over: 'height' } },
    { name: 'over tokens', inputs: { x: { shape: [2, 4, 3], fill: 'random' } }, arguments: { over: 0 } },
  ],
}
