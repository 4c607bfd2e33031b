import { shapeText } from '../../graph/graph.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { rowsOf, sameShape, scalar } from '../support/shapes.js'
import { logSoftmax, softmaxOf } from '../support/softmax.js'
import { at, size, tensor } from '../support/tensor.js'

export const distill: Operation = {
  name: 'distill',
  documentation: {
    summary:
      'Knowledge distillation: computes the cross-entropy of the student with the softened prediction of the teacher.',
    formula: String.raw`L = -\frac{1}{B} \sum_b \sum_c \operatorname{softmax}(z^{\mathrm{teacher}}_b / T)_c\, \log \operatorname{softmax}(z^{\mathrm{student}}_b / T)_c`,
    details:
      'loss = mean over the batch of - sum softmax(teacher / T) log softmax(student / T). It has no factor T^2; multiply by it if needed. The gradient also reaches the teacher, unless it is detached: distill(student = ..., teacher = detach(...)).',
    example:
      'loss { distillation = distill(student = master.logits, teacher = detach(part.logits), temperature = 10) }',
    source: 'Hinton et al. 2015; arXiv 1903.06150 (TASN), section 3.4, and its code: T = 10, no T^2',
  },
  arguments: [
    { ...tensorArgument('student', 'logits of the branch that is trained'), unlikely: 'probabilities' },
    { ...tensorArgument('teacher', 'logits of the branch that provides the target'), unlikely: 'probabilities' },
    {
      name: 'temperature',
      kind: { is: 'number', above: 0 },
      default: 10,
      meaning: 'T: divisor of both logits',
      source: "TASN's code",
      advice: '10 is usual; 1 compares the predictions without softening',
      varies: true,
    },
  ],
  typing: {
    infer(call) {
      if (!rowsOf(call, 'student') || !rowsOf(call, 'teacher')) return undefined
      const types = [call.type('student'), call.type('teacher')] as const
      if (!sameShape(...types))
        return call.fail('shape-mismatch', { callee: 'distill', shapes: types.map(shapeText) }, ['student', 'teacher'])
      return [scalar]
    },
  },
  semantics: { distillationTarget: 'teacher' },
  lowering: {
    tfjs: (call) => call.runtime('distill', call.input('student'), call.input('teacher'), call.options('temperature')),
    pytorch: {
      expression: (call) =>
        call.helper(python.distill, call.input('student'), call.input('teacher'), call.keyword('temperature')),
    },
    onnx: 'training only',
  },
  reference(call) {
    const temperature = call.number('temperature')
    const soft = softmaxOf(call.tensor('teacher'), temperature)
    const logs = logSoftmax(call.tensor('student'), temperature)
    const count = size(soft, 0)
    return [tensor([], [soft.data.reduce((sum, p, index) => sum - (p * at(logs, index)) / count, 0)])]
  },
  cases: [
    {
      name: 'temperature 10',
      inputs: { student: { shape: [3, 4], fill: 'random' }, teacher: { shape: [3, 4], fill: 'positive' } },
    },
    {
      name: 'temperature 1, batch 1',
      inputs: { student: { shape: [1, 3], fill: 'random' }, teacher: { shape: [1, 3], fill: 'random' } },
      arguments: { temperature: 1 },
    },
  ],
}
