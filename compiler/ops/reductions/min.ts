import { method } from '../../targets/pytorch/expression.js'
import { keepKeyword } from '../support/arguments.js'
import { pytorchAxes } from '../support/axes.js'
import { reduction } from './reduction.js'

export const min = reduction({
  name: 'min',
  summary: 'Computes the smallest value along some axes.',
  details: 'Where several values are the smallest, each gets an equal share of the gradient.',
  source: 'torch.amin',
  tfjs: (call, axes, keep) => call.genericRuntime('minOver', call.input('x'), axes, keep),
  pytorch: (call, axes) => method(call.input('x'), 'amin', pytorchAxes(axes), keepKeyword(call)),
  onnx: (call, axes, keepdims) => call.add('ReduceMin', [call.input('x'), call.int64(axes)], { keepdims }),
  compute: (values) => Math.min(...values),
})
