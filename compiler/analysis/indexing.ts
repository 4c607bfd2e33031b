import type { Expression } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { strangeUnit } from './arguments.js'
import { type Context, type Elaboration, sourceText } from './elaboration.js'
import { inner, type Place } from './naming.js'
import { describe, errorValue, type Value } from './values.js'

type Index = Extract<Expression, { kind: 'index' }>

/** Evaluates `object[index]`: an item of a list, a round of a repeat, or a stage of a pipeline, counted from 0. */
export function evaluateIndex(elaboration: Elaboration, expression: Index, context: Context, place: Place): Value {
  const object = elaboration.evaluate(expression.object, context, inner(place))
  const index = elaboration.evaluate(expression.index, context, inner(place))
  if (object.kind === 'error' || index.kind === 'error') return errorValue
  const items = itemsOf(object)
  if (!items) {
    const values = { object: sourceText(expression.object), what: describe(object) }
    elaboration.report(diagnose('not-indexable', values, expression.object.span))
    return errorValue
  }
  if (index.kind !== 'number' || !Number.isInteger(index.value) || index.value < 0 || strangeUnit(index)) {
    const values = { name: 'an index', expected: 'a whole number, from 0 on', found: describe(index) }
    elaboration.report(diagnose('wrong-type', values, expression.index.span))
    return errorValue
  }
  const item = items[index.value]
  if (item) return item
  const values = { object: sourceText(expression.object), index: index.value, length: items.length }
  elaboration.report(diagnose('no-such-item', values, expression.index.span))
  return errorValue
}

function itemsOf(value: Value): readonly Value[] | undefined {
  if (value.kind === 'list') return value.items
  if (value.kind !== 'instance') return undefined
  return value.rounds ?? numbered(value.members)
}

/** Members that are numbered from 0, such as the stages of a pipeline; undefined where there are none. */
function numbered(members: ReadonlyMap<string, Value>): readonly Value[] | undefined {
  const items: Value[] = []
  for (let item = members.get('0'); item; item = members.get(String(items.length))) items.push(item)
  return items.length > 0 ? items : undefined
}
