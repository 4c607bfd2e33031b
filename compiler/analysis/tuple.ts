import { isPlainName } from '../../grammar/names.js'
import type { Expression, Span } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Context, Elaboration } from './elaboration.js'
import { inner, type Place } from './naming.js'
import type { TupleItem, TupleValue, Value } from './values.js'

type Tuple = Extract<Expression, { kind: 'tuple' }>

/** Evaluates the values of `return a, b`. */
export function evaluateTuple(elaboration: Elaboration, { items }: Tuple, context: Context, place: Place): TupleValue {
  return {
    kind: 'tuple',
    items: items.map((item): TupleItem => {
      const value = elaboration.evaluate(item, context, inner(place))
      return { value, span: item.span, name: nameOf(item) }
    }),
  }
}

/** Returns the name that a returned value has already, as a binding or a member of one. */
export function nameOf(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.text
  if (expression.kind === 'string' && !isPlainName(expression.value)) return expression.value
  return expression.kind === 'member' ? expression.member.text : undefined
}

/** Returns the diagnostic for one of several returned values without a name. */
export function unnamedValue(span: Span): Diagnostic {
  return diagnose('unnamed-value', {}, span)
}

/** Returns the members of the values; of two members with the same name, the first. */
export function membersOfItems({ items }: TupleValue): ReadonlyMap<string, Value> {
  const inside = items.map(({ value }) => (value.kind === 'instance' ? [...value.members] : []))
  return new Map(inside.reverse().flat())
}

/**
 * Returns the values that a block returns by their names; undefined when one of them has none or shares it, which is reported.
 * @param bindings those of the block, which are members of its result as well
 */
export function namedItems(
  { items }: TupleValue,
  bindings: ReadonlyMap<string, Value>,
  report: (diagnostic: Diagnostic) => void,
): ReadonlyMap<string, Value> | undefined {
  const named = new Map<string, Value>()
  let ok = true
  for (const { name, value, span } of items) {
    if (value.kind === 'error') ok = false
    const isTaken = name !== undefined && (named.has(name) || (bindings.get(name) ?? value) !== value)
    if (name !== undefined && !isTaken) {
      named.set(name, value)
      continue
    }
    report(name === undefined ? unnamedValue(span) : diagnose('duplicate-name', { name }, span))
    ok = false
  }
  return ok ? named : undefined
}
