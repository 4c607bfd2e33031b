import { arithmetic, literal, method } from '../../targets/pytorch/expression.js'
import { tensorArgument } from '../support/arguments.js'
import { elementwise, isNumber, operand } from '../support/elementwise.js'

export const where = elementwise({
  name: 'where',
  callee: 'where',
  documentation: {
    summary: 'Selects from two operands, element by element, by a condition.',
    formula: String.raw`y = \begin{cases} x & \text{condition} \ne 0 \\ \text{other} & \text{elsewhere} \end{cases}`,
    details:
      'y = x where the condition is not 0, and other elsewhere. Shapes broadcast as for arithmetic. The gradient goes to the operand that was selected, and none to the condition.',
    example: 'kept = where(attention > 0.5, attention, 0)',
    source: 'numpy.where, torch.where',
  },
  operands: [
    tensorArgument('condition', 'what decides: not 0 selects x'),
    operand('x', 'values where the condition holds'),
    operand('other', 'values elsewhere'),
  ],
  semantics: { stopsGradient: ['condition'] },
  tfjs: (call, operands) => call.genericRuntime('where', ...operands),
  pytorch(call, [condition = call.input('condition'), ...values]) {
    const selected = call.torch('torch.where', arithmetic('!=', condition, literal(0)), ...values)
    const ofNumbers = isNumber(call, 'x') && isNumber(call, 'other')
    return ofNumbers ? method(selected, 'to', call.input('condition')) : selected
  },
  onnx(call, [condition = '', ...values]) {
    const zero = call.add('Equal', [condition, call.float(0)], {}, 'zero')
    return call.add('Where', [call.add('Not', [zero], {}, 'holds'), ...values])
  },
  compute: (condition = Number.NaN, x = Number.NaN, other = Number.NaN) => (condition === 0 ? other : x),
  cases: [
    {
      name: 'tensors',
      inputs: {
        condition: { shape: [1, 2, 2, 2], fill: { values: [0, 1, 1, 0, -1, 0, 2, 0] } },
        x: { shape: [1, 2, 2, 2], fill: 'random' },
        other: { shape: [1, 2, 2, 2], fill: 'positive' },
      },
    },
    {
      name: 'a number elsewhere',
      inputs: {
        condition: { shape: [2, 2], fill: { values: [0, 1, 1, 0] } },
        x: { shape: [2, 3, 1, 2], fill: 'random' },
      },
      arguments: { other: -3 },
    },
    {
      name: 'two numbers',
      inputs: { condition: { shape: [1, 4], fill: { values: [0, 1, 0.5, 0] } } },
      arguments: { x: 1, other: 0 },
    },
  ],
})
