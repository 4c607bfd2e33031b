import { present } from '../../grammar/present.js'
import type { BinaryOperator, Span } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { operationNamed } from '../ops/index.js'
import type { Call, Context, Elaboration } from './elaboration.js'
import { inner, type Place } from './naming.js'
import { callOperation, meanOverBatch } from './operation_call.js'
import { type BoundArgument, describe, errorValue, tensorOf, type Value } from './values.js'

const operationOf: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '<': 'less',
  '<=': 'less_equal',
  '>': 'greater',
  '>=': 'greater_equal',
  '==': 'equal',
  '!=': 'not_equal',
}

/** Computes with constants; with a tensor on either side, adds an operation to the graph. */
export function binary(
  elaboration: Elaboration,
  context: Context,
  place: Place,
  span: Span,
  operator: BinaryOperator,
  left: BoundArgument,
  right: BoundArgument,
): Value {
  if (left.value.kind === 'error' || right.value.kind === 'error') return errorValue
  if (!tensorOf(left.value) && !tensorOf(right.value)) {
    if (!isArithmetic(operator)) return compare(elaboration, span, operator, left.value, right.value)
    if (left.value.kind === 'number' && right.value.kind === 'number')
      return numbers(elaboration, span, operator, left.value, right.value)
    const odd = left.value.kind === 'number' ? right : left
    elaboration.report(
      diagnose(
        'wrong-type',
        { name: `what \`${operator}\` works on`, expected: 'a number or a tensor', found: describe(odd.value) },
        odd.span,
      ),
    )
    return errorValue
  }
  // Independent of the scope: a binding called `add` does not change the meaning of `+`.
  const operation = operationNamed(present(operationOf[operator], operator))
  const call = { list: [], span, piped: undefined, context, place, callee: operation.name }
  const sums = operator === '+' || operator === '-'
  const operand = (one: BoundArgument, other: BoundArgument) =>
    sums && isLossOfBatch(other.value) && isNumberOfImages(one.value) ? batchMean(elaboration, one, call) : one
  return callOperation(elaboration, operation, { ...call, given: [operand(left, right), operand(right, left)] })
}

/** One number without a batch, such as a cross-entropy. */
function isLossOfBatch(value: Value): boolean {
  return tensorOf(value)?.type.shape.length === 0
}

/** One number for each image. */
function isNumberOfImages(value: Value): boolean {
  const type = tensorOf(value)?.type
  return type?.element === 'float' && type.shape.length === 1
}

/** A number for each image is added to the loss of a batch as the mean over the batch, as it is in a line of its own. */
function batchMean(elaboration: Elaboration, one: BoundArgument, call: Call): BoundArgument {
  const numbers = present(tensorOf(one.value), 'a number for each image')
  const inside = { ...call, span: one.span, place: inner(call.place) }
  return { span: one.span, value: meanOverBatch(elaboration, numbers, inside) ?? errorValue }
}

const isArithmetic = (operator: BinaryOperator) => ['+', '-', '*', '/'].includes(operator)

function numbers(
  elaboration: Elaboration,
  span: Span,
  operator: BinaryOperator,
  left: Extract<Value, { kind: 'number' }>,
  right: Extract<Value, { kind: 'number' }>,
): Value {
  const [a, b] = [left.value, right.value]
  if (operator === '/' && b === 0) {
    elaboration.report(diagnose('division-by-zero', {}, span))
    return errorValue
  }
  const value = operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : a / b
  return { kind: 'number', value }
}

function compare(elaboration: Elaboration, span: Span, operator: BinaryOperator, left: Value, right: Value): Value {
  const [a, b] = [comparable(left), comparable(right)]
  if (a === undefined || b === undefined || typeof a !== typeof b) {
    elaboration.report(diagnose('not-a-constant', { what: 'what is compared' }, span))
    return errorValue
  }
  const results: Readonly<Record<string, boolean>> = {
    '==': a === b,
    '!=': a !== b,
    '<': a < b,
    '<=': a <= b,
    '>': a > b,
    '>=': a >= b,
  }
  return { kind: 'boolean', value: present(results[operator], operator) }
}

function comparable(value: Value): number | string | boolean | undefined {
  return value.kind === 'number' || value.kind === 'string' || value.kind === 'boolean' ? value.value : undefined
}
