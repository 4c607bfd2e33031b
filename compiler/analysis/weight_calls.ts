import type { Argument, Block, Branch, Expression, RepeatExpression, Statement } from '../../grammar/tree.js'
import type { Scope } from './scope.js'
import type { DefinitionValue, Value } from './values.js'

/** The calls of an expression by whether they make weights. */
export interface ExpressionCalls {
  /** Calls of operations and blocks, and repeats, that make weights. */
  readonly withWeights: number
  /** Calls of blocks, and repeats, that make none. */
  readonly withoutWeights: number
}

/** Returns the callable values that a name may refer to. */
type Find = (name: string) => readonly Value[]

/** A call as it is written, or a stage of a pipeline. */
interface WrittenCall {
  readonly kind: 'call'
  readonly callee: Expression
  readonly arguments: readonly Argument[]
  /** The start of the pipeline, for its first stage. */
  readonly piped?: Expression
}

/** Counts the calls of an expression, including those in arguments, but not those in the bodies of blocks and repeats. */
export function expressionCalls(expression: Expression, scope: Scope<Value>): ExpressionCalls {
  const find = findIn(scope)
  let [withWeights, withoutWeights] = [0, 0]
  for (const part of callsWithin(expression)) {
    if (partMakes(part, find)) withWeights++
    else if (part.kind === 'repeat' || callables(part.callee, find).some(isBlock)) withoutWeights++
  }
  return { withWeights, withoutWeights }
}

/** Whether a call of a block makes weights: in its body, or by calling one of its arguments. */
export function blockCallMakesWeights(
  target: DefinitionValue,
  list: readonly Argument[],
  piped: Value | undefined,
  scope: Scope<Value>,
): boolean {
  const find = findIn(scope)
  return makesWeights(target) || (piped !== undefined && makesWeights(piped)) || argumentMakes(list, find)
}

/** Whether the rounds of a repeat make weights. */
export function repeatMakesWeights(repeat: RepeatExpression, scope: Scope<Value>): boolean {
  return repeatMakes(repeat, findIn(scope))
}

function findIn(scope: Scope<Value>): Find {
  return (name) => {
    const value = scope.find(name)
    return value ? [value] : []
  }
}

function* callsWithin(expression: Expression): Generator<WrittenCall | RepeatExpression> {
  switch (expression.kind) {
    case 'call':
      yield expression
      for (const { value } of expression.arguments) yield* callsWithin(value)
      return
    case 'pipeline': {
      yield* callsWithin(expression.start)
      for (const [index, stage] of expression.stages.entries()) {
        const call = stage.kind === 'call' ? stage : { kind: 'call' as const, callee: stage, arguments: [] }
        yield index === 0 ? { ...call, piped: expression.start } : call
        for (const { value } of call.arguments) yield* callsWithin(value)
      }
      return
    }
    case 'list':
    case 'tuple':
      for (const item of expression.items) yield* callsWithin(item)
      return
    case 'negate':
      yield* callsWithin(expression.operand)
      return
    case 'binary':
      yield* callsWithin(expression.left)
      yield* callsWithin(expression.right)
      return
    case 'conditional':
      yield* callsWithin(expression.whenTrue)
      yield* callsWithin(expression.whenFalse)
      return
    case 'member':
    case 'index':
      yield* callsWithin(expression.object)
      return
    case 'repeat':
      yield expression
      for (const { start } of expression.carried) yield* callsWithin(start)
      return
    default:
      return
  }
}

/** Returns the operations and blocks that an expression may refer to; none for the result of a call. */
function callables(expression: Expression, find: Find): readonly Value[] {
  if (expression.kind === 'name') return find(expression.text)
  if (expression.kind !== 'conditional') return []
  return [...callables(expression.whenTrue, find), ...callables(expression.whenFalse, find)]
}

function callMakes({ callee, arguments: list, piped }: WrittenCall, find: Find): boolean {
  const targets = callables(callee, find)
  if (targets.some(makesWeights)) return true
  // A block may call its arguments; any argument whose call would create weights counts.
  if (!targets.some(isBlock)) return false
  return (piped !== undefined && callables(piped, find).some(makesWeights)) || argumentMakes(list, find)
}

function argumentMakes(list: readonly Argument[], find: Find): boolean {
  return list.some(({ value }) => callables(value, find).some(makesWeights))
}

function partMakes(part: WrittenCall | RepeatExpression, find: Find): boolean {
  return part.kind === 'repeat' ? repeatMakes(part, find) : callMakes(part, find)
}

function isBlock({ kind }: Value): boolean {
  return kind === 'definition'
}

/** Whether a call of this value makes weights, whatever the arguments. */
function makesWeights(value: Value): boolean {
  if (value.kind === 'backbone') return true
  if (value.kind === 'function') return value.makesWeights
  if (value.kind === 'operation') return value.operation.typing.parameters !== undefined
  return value.kind === 'definition' && bodyMakesWeights(value)
}

/** By block. A block belongs to one module, and the names in a module do not change. */
const known = new WeakMap<Block | Branch, boolean>()

function bodyMakesWeights({ definition, scope }: DefinitionValue): boolean {
  const before = known.get(definition)
  if (before !== undefined) return before
  // Taken as without weights by a block that calls itself, which is an error.
  known.set(definition, false)
  const local = new Map<string, readonly Value[]>()
  const find = within(local, findIn(scope))
  const byDefault = definition.parameters.some(({ name, default: standard }) => {
    local.set(name.text, [])
    return standard !== undefined && (expressionMakes(standard, find) || callables(standard, find).some(makesWeights))
  })
  const makes = byDefault || statementsMake(definition.statements, local, find)
  known.set(definition, makes)
  return makes
}

function repeatMakes({ index, carried, statements }: RepeatExpression, outer: Find): boolean {
  const values = carried.map(({ name }) => name)
  const names = index ? [index, ...values] : values
  const local = new Map(names.map(({ text }): [string, readonly Value[]] => [text, []]))
  return statementsMake(statements, local, within(local, outer))
}

function statementsMake(statements: readonly Statement[], local: Map<string, readonly Value[]>, find: Find): boolean {
  return statements.some((statement) => {
    if (expressionMakes(statement.value, find)) return true
    if (statement.kind === 'binding') local.set(statement.name.text, callables(statement.value, find))
    return false
  })
}

function expressionMakes(expression: Expression, find: Find): boolean {
  for (const part of callsWithin(expression)) if (partMakes(part, find)) return true
  return false
}

function within(local: ReadonlyMap<string, readonly Value[]>, outer: Find): Find {
  return (name) => local.get(name) ?? outer(name)
}
