import { elementAt, present } from '../../grammar/present.js'
import type { Expression } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { strangeUnit } from './arguments.js'
import type { Context, Elaboration } from './elaboration.js'
import { inner, type Place, weightCallName, weightlessBlockName } from './naming.js'
import { roundNameOf } from './round_name.js'
import { Scope } from './scope.js'
import { membersOfItems } from './tuple.js'
import { describe, errorValue, type InstanceValue, type Recall, tensorOf, type Value } from './values.js'
import { repeatMakesWeights } from './weight_calls.js'

type Repeat = Extract<Expression, { kind: 'repeat' }>

const maxRounds = 1000

/**
 * Evaluates a repeat: each round is an instance under the binding's name, called 0, 1, ... or as `named` says, and what it returns are
 * the next round's carried values.
 */
export function evaluateRepeat(elaboration: Elaboration, expression: Repeat, context: Context, place: Place): Value {
  const count = elaboration.evaluate(expression.count, context, inner(place))
  let values: readonly Value[] = expression.carried.map(({ start }) =>
    elaboration.evaluate(start, context, inner(place)),
  )
  const total = roundCount(elaboration, expression, count)
  if (total === undefined) return errorValue
  const makesWeights = repeatMakesWeights(expression, context.scope)
  const own = makesWeights ? weightCallName(place) : weightlessBlockName(place, 'repeat')
  const rounds = new Map<string, Value>()
  for (let index = 0; index < total; index++) {
    if (elaboration.isFull(expression.span)) return errorValue
    const scope = roundScope(elaboration, expression, context, index, values)
    if (!scope) return errorValue
    const name = roundNameOf(elaboration, expression, { ...context, scope }, index, rounds)
    if (name === undefined) return errorValue
    const round = {
      ...context,
      scope,
      path: [...context.path, ...own, name],
      parameterPath: [...context.parameterPath, ...own, name],
    }
    const owner = { block: undefined, span: expression.span }
    const { result = errorValue, members } = elaboration.statements(expression.statements, round, owner, true)
    const returned = returnedValues(elaboration, expression, result)
    if (!returned || returned.some(({ kind }) => kind === 'error')) return errorValue
    values = returned
    const within = result.kind === 'tuple' ? membersOfItems(result) : result.kind === 'instance' ? result.members : []
    const made = roundInstance(`round ${name}`, expression, values, new Map([...within, ...members]))
    const again = callAgainOf(expression, result)
    elaboration.builder.countRound(round.parameterPath, made.members.size)
    rounds.set(name, again ? { ...made, recall: again } : made)
  }
  return repeatValue(expression, values, rounds)
}

function roundCount(elaboration: Elaboration, { count: { span } }: Repeat, count: Value): number | undefined {
  const whole = count.kind === 'number' && Number.isInteger(count.value) && !strangeUnit(count)
  if (whole && count.value >= 0 && count.value <= maxRounds) return count.value
  if (count.kind !== 'error') {
    const expected = `a whole number from 0 to ${maxRounds}`
    const values = { name: 'the count of a repeat', expected, found: describe(count) }
    elaboration.report(diagnose('wrong-type', values, span))
  }
  return undefined
}

/** The scope of a round, in which its number and the carried values are defined; undefined when two have the same name. */
function roundScope(
  elaboration: Elaboration,
  { index: indexName, carried }: Repeat,
  context: Context,
  index: number,
  values: readonly Value[],
): Scope<Value> | undefined {
  const scope = new Scope<Value>(context.scope)
  if (indexName) scope.define(indexName.text, { kind: 'number', value: index })
  const taken = carried.find(({ name }, place) => !scope.define(name.text, elementAt(values, place)))
  if (!taken) return scope
  elaboration.report(diagnose('duplicate-name', { name: taken.name.text }, taken.name.span))
  return undefined
}

/** Returns the values that a round carries on; undefined when they are not as many as the repeat carries, which is reported. */
function returnedValues(
  elaboration: Elaboration,
  { carried, statements, span }: Repeat,
  result: Value,
): readonly Value[] | undefined {
  const returned = severalOf(result) ?? [result]
  if (returned.length === carried.length) return returned
  if (result.kind !== 'error') {
    const names = carried.map(({ name }) => `\`${name.text}\``).join(', ')
    const expected = carried.length === 1 ? `one value, for ${names}` : `${carried.length} values, for ${names}`
    const values = { name: 'what a round returns', expected, found: describe(result) }
    elaboration.report(diagnose('wrong-type', values, statements.at(-1)?.value.span ?? span))
  }
  return undefined
}

/** Returns the recall of a round that only returns a call; undefined for others. */
function callAgainOf({ statements }: Repeat, result: Value): Recall | undefined {
  return statements.length === 1 && result.kind === 'instance' ? result.recall : undefined
}

/** The values of a tuple, or of a call that returns several. */
function severalOf(value: Value): readonly Value[] | undefined {
  if (value.kind === 'tuple') return value.items.map((item) => item.value)
  if (value.kind !== 'instance') return undefined
  return value.values?.map((name) => present(value.members.get(name), `the value ${name}`))
}

/** One carried value is the result of the round, several are members by their names. */
function roundInstance(
  of: string,
  { carried }: Repeat,
  values: readonly Value[],
  members: ReadonlyMap<string, Value>,
): InstanceValue {
  if (values.length === 1) return { kind: 'instance', of, result: tensorOf(elementAt(values, 0)), members }
  const names = carried.map(({ name }) => name.text)
  const named = names.map((name, index): [string, Value] => [name, elementAt(values, index)])
  return { kind: 'instance', of, result: undefined, members: new Map([...members, ...named]), values: names }
}

function repeatValue(expression: Repeat, values: readonly Value[], rounds: ReadonlyMap<string, Value>): Value {
  const [only] = values
  const single = values.length === 1 ? only : undefined
  // A constant is carried by value.
  if (single && !tensorOf(single)) return single
  return { ...roundInstance('repeat', expression, values, rounds), rounds: [...rounds.values()] }
}
