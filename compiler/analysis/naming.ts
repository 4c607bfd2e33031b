import type { Expression } from '../../grammar/tree.js'
import type { Scope } from './scope.js'
import type { Value } from './values.js'
import { type ExpressionCalls, expressionCalls } from './weight_calls.js'

/** The state for naming the calls of one binding's expression. */
export interface Naming {
  /** The binding's name; empty for `return` and for a branch's call. */
  readonly name: readonly string[]
  /** The binding's whole expression; of a conditional, the side that its condition selects. */
  readonly expression: Expression
  /** The calls in the expression. A single one that makes weights takes the binding's own name; several are numbered. */
  readonly calls: ExpressionCalls
  /** The next number of a call that is no stage of the pipeline. */
  counter: number
  /** Calls of blocks without weights so far, by the callee's name. */
  readonly blockCalls: Map<string, number>
}

/** The position of an expression within its binding, from which a call gets its name. */
export interface Place {
  readonly naming: Naming
  /** Whether its value is the value of the whole expression. */
  readonly last: boolean
  /** Its number in the binding's pipeline. */
  readonly stage?: number
  /** Whether generated code gives the stage a line of its own. */
  readonly ownLine?: boolean
}

/** Returns the place of a binding's whole expression. */
export function placeOf(expression: Expression, name: readonly string[], scope: Scope<Value>): Place {
  const calls = expressionCalls(expression, scope)
  return { naming: { name, expression, calls, counter: 0, blockCalls: new Map() }, last: true }
}

/** Returns the place of the side of a conditional that is evaluated. The calls of the other one make no weights, so they have no numbers. */
export function placeOfSide(side: Expression, conditional: Expression, place: Place, scope: Scope<Value>): Place {
  return place.naming.expression === conditional ? placeOf(side, place.naming.name, scope) : place
}

/** Returns the place of a part of the expression, whose value is not the expression's own. */
export function inner(place: Place): Place {
  return { naming: place.naming, last: false }
}

/** Returns the name of a call that makes weights: the binding's own, or numbered under it like the stages of a Sequential. */
export function weightCallName({ naming, stage }: Place): readonly string[] {
  if (!isNumbered(naming)) return naming.name
  return [...naming.name, String(stage ?? naming.counter++)]
}

/**
 * Returns the name of a call of a block, or of a repeat, that makes no weights: the binding's own if nothing else needs it, else the binding's and
 * the callee's in one. Below the binding's own name it could collide with a part of the block that creates the weights.
 */
export function weightlessBlockName({ naming }: Place, callee: string): readonly string[] {
  const { calls, name, blockCalls } = naming
  if (calls.withWeights === 0 && calls.withoutWeights <= 1) return name
  const number = (blockCalls.get(callee) ?? 0) + 1
  blockCalls.set(callee, number)
  return [[...name, callee, ...(number > 1 ? [String(number)] : [])].join('_')]
}

/** Whether the weights of the expression are named by number. */
export function isNumbered({ calls }: Naming): boolean {
  return calls.withWeights > 1
}

/** Returns the name of a call that makes no weights of its own: the binding's for its last call, else with the callee after it. */
export function plainCallName({ last, naming }: Place, callee: string): readonly string[] {
  return last ? naming.name : [...naming.name, callee]
}
