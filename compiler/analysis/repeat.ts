import type { Expression } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import { strangeUnit } from './arguments.js'
import type { Context, Elaboration } from './elaboration.js'
import { inner, type Place, weightCallName } from './naming.js'
import { Scope } from './scope.js'
import { describe, errorValue, tensorOf, type Value } from './values.js'

type Repeat = Extract<Expression, { kind: 'repeat' }>

const maxRounds = 1000

/** Evaluates a repeat: each round is an instance called 0, 1, ... under the binding's name, and its result is the next round's state. */
export function evaluateRepeat(elaboration: Elaboration, expression: Repeat, context: Context, place: Place): Value {
  const count = elaboration.evaluate(expression.count, context, inner(place))
  let state = elaboration.evaluate(expression.start, context, inner(place))
  const total = roundCount(elaboration, expression, count)
  if (total === undefined) return errorValue
  const own = weightCallName(place)
  const rounds = new Map<string, Value>()
  for (let index = 0; index < total; index++) {
    if (elaboration.isFull(expression.span)) return errorValue
    const round = roundContext(expression, context, own, index, state)
    const owner = { name: 'the repeat', span: expression.span }
    const { result, members } = elaboration.statements(expression.statements, round, owner, true)
    state = result ?? errorValue
    if (state.kind === 'error') return errorValue
    const reachable = state.kind === 'instance' ? new Map([...state.members, ...members]) : members
    elaboration.builder.countRound(reachable.size)
    rounds.set(String(index), { kind: 'instance', of: `round ${index}`, result: tensorOf(state), members: reachable })
  }
  const result = tensorOf(state)
  const inOrder = [...rounds.values()]
  return result ? { kind: 'instance', of: 'repeat', result, members: rounds, rounds: inOrder } : state
}

function roundCount(elaboration: Elaboration, { count: { span } }: Repeat, count: Value): number | undefined {
  const whole = count.kind === 'number' && Number.isInteger(count.value) && !strangeUnit(count)
  if (whole && count.value >= 1 && count.value <= maxRounds) return count.value
  if (count.kind !== 'error') {
    const expected = `a whole number from 1 to ${maxRounds}`
    const values = { name: 'the count of a repeat', expected, found: describe(count) }
    elaboration.report(diagnose('wrong-type', values, span))
  }
  return undefined
}

function roundContext(
  { index: indexName, state: stateName }: Repeat,
  context: Context,
  own: readonly string[],
  index: number,
  state: Value,
): Context {
  const scope = new Scope<Value>(context.scope)
  if (indexName) scope.define(indexName.text, { kind: 'number', value: index })
  scope.define(stateName.text, state)
  const within = [...own, String(index)]
  return {
    ...context,
    scope,
    path: [...context.path, ...within],
    parameterPath: [...context.parameterPath, ...within],
  }
}
