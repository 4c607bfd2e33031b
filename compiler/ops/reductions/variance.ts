import { keyword, literal, method } from '../../targets/pytorch/expression.js'
import { keepKeyword } from '../support/arguments.js'
import { pytorchAxes } from '../support/axes.js'
import { reduction } from './reduction.js'

export const variance = reduction({
  name: 'variance',
  summary: 'Computes the variance of the values along some axes.',
  formula: String.raw`y = \frac{1}{n} \sum_i (x_i - \bar{x})^2`,
  details: 'The mean of (x - mean)^2, without correction for the size of the sample.',
  source: 'torch.var with correction=0',
  tfjs: (call, axes, keep) => call.genericRuntime('variance', call.input('x'), axes, keep),
  pytorch: (call, axes) =>
    method(call.input('x'), 'var', pytorchAxes(axes), keyword('correction', literal(0)), keepKeyword(call)),
  onnx(call, axes, keepdims) {
    const over = call.int64(axes)
    const mean = call.add('ReduceMean', [call.input('x'), over], { keepdims: 1 }, 'mean')
    const deviations = call.add('Sub', [call.input('x'), mean], {}, 'deviations')
    const squares = call.add('Mul', [deviations, deviations], {}, 'squares')
    return call.add('ReduceMean', [squares, over], { keepdims })
  },
  compute(values) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  },
})
