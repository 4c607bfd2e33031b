import { method } from '../../targets/pytorch/expression.js'
import { keepKeyword } from '../support/arguments.js'
import { pytorchAxes } from '../support/axes.js'
import { reduction } from './reduction.js'

export const logsumexp = reduction({
  name: 'logsumexp',
  summary: 'Computes the logarithm of the sum of exponentials along some axes: a smooth maximum.',
  formula: String.raw`y = \log \sum_i e^{x_i}`,
  details: 'The largest value is subtracted first, so that no exponential overflows.',
  source: 'torch.logsumexp',
  tfjs: (call, axes, keep) => call.genericRuntime('logsumexp', call.input('x'), axes, keep),
  pytorch: (call, axes) => method(call.input('x'), 'logsumexp', pytorchAxes(axes), keepKeyword(call)),
  onnx: (call, axes, keepdims) => call.add('ReduceLogSumExp', [call.input('x'), call.int64(axes)], { keepdims }),
  compute(values) {
    const largest = Math.max(...values)
    if (!Number.isFinite(largest)) return largest
    return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0))
  },
})
