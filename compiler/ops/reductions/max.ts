import { method } from '../../targets/pytorch/expression.js'
import { keepKeyword } from '../support/arguments.js'
import { pytorchAxes } from '../support/axes.js'
import { reduction } from './reduction.js'

export const max = reduction({
  name: 'max',
  summary: 'Computes the largest value along some axes.',
  details: 'Where several values are the largest, each gets an equal share of the gradient.',
  source: 'torch.amax',
  tfjs: (call, axes, keep) => call.genericRuntime('maxOver', call.input('x'), axes, keep),
  pytorch: (call, axes) => method(call.input('x'), 'amax', pytorchAxes(axes), keepKeyword(call)),
  onnx: (call, axes, keepdims) => call.add('ReduceMax', [call.input('x'), call.int64(axes)], { keepdims }),
  compute: (values) => Math.max(...values),
})
