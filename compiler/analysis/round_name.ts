import { isQuotableName } from '../../grammar/names.js'
import type { Expression, RepeatExpression } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { strangeUnit } from './arguments.js'
import type { Context, Elaboration } from './elaboration.js'
import { placeOf } from './naming.js'
import { describe, type Value } from './values.js'

/**
 * Returns the name of a round, its number unless the repeat names its rounds; undefined when it cannot be a name or is taken, which is
 * reported.
 * @param context the round's own, in which its number and the carried values are defined
 */
export function roundNameOf(
  elaboration: Elaboration,
  { named, carried }: RepeatExpression,
  context: Context,
  index: number,
  rounds: ReadonlyMap<string, Value>,
): string | undefined {
  if (!named) return String(index)
  const texts = named.parts.map((part) => (typeof part === 'string' ? part : textOf(elaboration, part, context)))
  // A name that could not be read has been reported.
  if (texts.length === 0 || texts.includes(undefined)) return undefined
  const name = texts.join('')
  if (!isQuotableName(name)) {
    elaboration.report(diagnose('not-a-name', { found: `"${name}"` }, named.span))
    return undefined
  }
  const isCarried = carried.length > 1 && carried.some((value) => value.name.text === name)
  if (!isCarried && !rounds.has(name)) return name
  elaboration.report(diagnose('duplicate-name', { name }, named.span))
  return undefined
}

/** The text of a number or string in the name of a round; undefined for any other value, which is reported. */
function textOf(elaboration: Elaboration, part: Expression, context: Context): string | undefined {
  const value = elaboration.evaluate(part, context, placeOf(part, [], context.scope))
  if (value.kind === 'string') return value.value
  if (value.kind === 'number' && Number.isSafeInteger(value.value) && !strangeUnit(value)) return String(value.value)
  if (value.kind !== 'error') {
    const values = { name: 'a part of a name', expected: 'a whole number or a string', found: describe(value) }
    elaboration.report(diagnose('wrong-type', values, part.span))
  }
  return undefined
}
