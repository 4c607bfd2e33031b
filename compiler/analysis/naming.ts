import type { Expression } from '../../grammar/tree.js'
import type { Scope } from './scope.js'
import type { Value } from './values.js'

/** How the calls of one binding's expression are named. */
export interface Naming {
  /** The binding's name; empty for `return` and for a branch's call. */
  readonly name: readonly string[]
  /** Calls in the expression that make weights. A single one takes the binding's own name; several are numbered. */
  readonly weightCalls: number
  /** The next number of a call that is no stage of the pipeline. */
  counter: number
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
  return { naming: { name, weightCalls: countWeightCalls(expression, scope), counter: 0 }, last: true }
}

/** Returns the place of a part of the expression, whose value is not the expression's own. */
export function inner(place: Place): Place {
  return { naming: place.naming, last: false }
}

/** Returns the name of a call that makes weights: the binding's own, or numbered under it like the stages of a Sequential. */
export function weightCallName({ naming, stage }: Place): readonly string[] {
  if (naming.weightCalls <= 1) return naming.name
  return [...naming.name, String(stage ?? naming.counter++)]
}

/** Returns the name of a call that makes no weights of its own: the binding's for its last call, else with the callee after it. */
export function plainCallName({ last, naming }: Place, callee: string): readonly string[] {
  return last ? naming.name : [...naming.name, callee]
}

function countWeightCalls(expression: Expression, scope: Scope<Value>): number {
  const all = (...parts: readonly Expression[]) => parts.reduce((sum, part) => sum + countWeightCalls(part, scope), 0)
  const callee = (target: Expression) => (makesWeights(target, scope) ? 1 : 0)
  switch (expression.kind) {
    case 'call':
      return callee(expression.callee) + all(...expression.arguments.map((argument) => argument.value))
    case 'pipeline':
      return expression.stages.reduce(
        (sum, stage) => sum + (stage.kind === 'call' ? all(stage) : callee(stage)),
        all(expression.start),
      )
    case 'list':
    case 'tuple':
      return all(...expression.items)
    case 'negate':
      return all(expression.operand)
    case 'binary':
      return all(expression.left, expression.right)
    case 'conditional':
      return all(expression.whenTrue, expression.whenFalse)
    case 'member':
    case 'index':
      return all(expression.object)
    case 'repeat':
      return 1 + all(...expression.carried.map(({ start }) => start))
    default:
      return 0
  }
}

function makesWeights(callee: Expression, scope: Scope<Value>): boolean {
  if (callee.kind !== 'name') return false
  const value = scope.find(callee.text)
  return (
    (value?.kind === 'operation' && value.operation.typing.parameters !== undefined) || value?.kind === 'definition'
  )
}
