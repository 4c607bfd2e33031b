import { present } from '../../grammar/present.js'
import type { BinaryOperator, Span } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { operationNamed } from '../ops/index.js'
import { callOperation } from './calls.js'
import type { Context, Elaborator, Place } from './elaborator.js'
import { type BoundArgument, broken, describe, tensorOf, type Value } from './values.js'

const operationOf: Readonly<Record<string, string>> = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div' }

/** Numbers are worked out here; with a tensor on either side it becomes an operation of the graph. */
export function arithmetic(
  elaborator: Elaborator,
  context: Context,
  place: Place,
  span: Span,
  operator: BinaryOperator,
  left: BoundArgument,
  right: BoundArgument,
): Value {
  if (left.value.kind === 'broken' || right.value.kind === 'broken') return broken
  if (left.value.kind === 'number' && right.value.kind === 'number')
    return numbers(elaborator, span, operator, left.value, right.value)
  if (!tensorOf(left.value) && !tensorOf(right.value)) {
    const odd = left.value.kind === 'number' ? right : left
    elaborator.report(
      diagnose(
        'wrong-type',
        { name: `what \`${operator}\` works on`, expected: 'a number or a tensor', found: describe(odd.value) },
        odd.span,
      ),
    )
    return broken
  }
  // Not by the scope: a binding called `add` does not change what `+` means.
  const operation = operationNamed(present(operationOf[operator], operator))
  return callOperation(elaborator, operation, {
    list: [],
    given: [left, right],
    span,
    piped: undefined,
    context,
    place,
    callee: operation.name,
  })
}

function numbers(
  elaborator: Elaborator,
  span: Span,
  operator: BinaryOperator,
  left: Extract<Value, { kind: 'number' }>,
  right: Extract<Value, { kind: 'number' }>,
): Value {
  const [a, b] = [left.value, right.value]
  if (operator === '/' && b === 0) {
    elaborator.report(diagnose('division-by-zero', {}, span))
    return broken
  }
  const value = operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : a / b
  return { kind: 'number', value }
}

export function compare(
  elaborator: Elaborator,
  span: Span,
  operator: BinaryOperator,
  left: Value,
  right: Value,
): Value {
  if (left.kind === 'broken' || right.kind === 'broken') return broken
  const [a, b] = [comparable(left), comparable(right)]
  if (a === undefined || b === undefined || typeof a !== typeof b) {
    elaborator.report(diagnose('not-a-constant', { what: 'what is compared' }, span))
    return broken
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
