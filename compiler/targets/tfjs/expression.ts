import { literal, property } from './literals.js'

/** An expression of generated TypeScript. Lowerings build it, and `printExpression` writes it. */
export type Expression =
  /** Source text that refers to no variable of the function around it, except its scope `at`: a literal, `at.in('conv')`. */
  | { readonly kind: 'source'; readonly text: string }
  /** A variable, or one property of it: `maps`, `features.deep`. */
  | { readonly kind: 'variable'; readonly name: string; readonly property?: string }
  | CallExpression
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly fields: readonly Field[] }
  | {
      readonly kind: 'conditional'
      readonly condition: Expression
      readonly whenTrue: Expression
      readonly whenFalse: Expression
    }

export interface CallExpression {
  readonly kind: 'call'
  /** Where the function is defined: TensorFlow.js, wsban's runtime, or the generated file itself. */
  readonly from: 'tf' | 'runtime' | 'file'
  readonly callee: string
  readonly arguments: readonly Expression[]
  /** The function returns the tensor type that it is asked for, as all of TensorFlow.js do. */
  readonly generic?: true
  /** The type argument of a generic function: `tf.Tensor2D`. */
  readonly resultType?: string
  /** The function has an option `activation`, which the call leaves out. */
  readonly takesActivation?: true
}

export interface Field {
  readonly name: string
  readonly value: Expression
}

export type Statement =
  | {
      readonly kind: 'const'
      readonly name: string
      readonly type: string | undefined
      readonly value: Expression
      /** Empty: none. */
      readonly comment: string
    }
  | { readonly kind: 'return'; readonly value: Expression }

export const source = (text: string): Expression => ({ kind: 'source', text })
export const variable = (name: string): Expression => ({ kind: 'variable', name })
export const array = (items: readonly Expression[]): Expression => ({ kind: 'array', items })

/** Returns a call; arguments that are undefined are omitted. */
export function callOf(
  from: CallExpression['from'],
  callee: string,
  ...given: readonly (Expression | undefined)[]
): CallExpression {
  return { kind: 'call', from, callee, arguments: given.filter((argument) => argument !== undefined) }
}

/** Returns the call with an activation applied to its result; undefined if the expression is no call that takes one. */
export function withActivation(expression: Expression, activation: string): CallExpression | undefined {
  if (expression.kind !== 'call' || !expression.takesActivation) return undefined
  const { takesActivation, arguments: given, ...call } = expression
  const last = given.at(-1)
  const [others, fields] = last?.kind === 'object' ? [given.slice(0, -1), last.fields] : [given, []]
  const option: Field = { name: 'activation', value: source(literal(activation)) }
  return { ...call, arguments: [...others, { kind: 'object', fields: [...fields, option] }] }
}

export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'source':
      return expression.text
    case 'variable':
      return expression.property === undefined ? expression.name : `${expression.name}.${expression.property}`
    case 'call': {
      const { from, callee, resultType } = expression
      const type = resultType === undefined ? '' : `<${resultType}>`
      return `${from === 'tf' ? 'tf.' : ''}${callee}${type}(${expression.arguments.map(printExpression).join(', ')})`
    }
    case 'array':
      return `[${expression.items.map(printExpression).join(', ')}]`
    case 'object':
      return `{ ${expression.fields.map(({ name, value }) => property(name, printExpression(value))).join(', ')} }`
    case 'conditional': {
      const { condition, whenTrue, whenFalse } = expression
      return `${printExpression(condition)} ? ${printExpression(whenTrue)} : ${printExpression(whenFalse)}`
    }
  }
}

export function printStatement(statement: Statement): string {
  const value = printExpression(statement.value)
  if (statement.kind === 'return') return `return ${value}`
  const { name, type, comment } = statement
  return `const ${name}${type === undefined ? '' : `: ${type}`} = ${value}${comment === '' ? '' : ` // ${comment}`}`
}

/** Functions of TensorFlow.js that are told the rank of their result, and those that return the type of their operand. */
const toldRank = new Set(['reshape'])
const asOperand = new Set(['slice'])

/** Returns the call of a generic function with the type that it should return; other expressions as they are. */
export function withResultType(expression: Expression, rank: number): Expression {
  if (expression.kind !== 'call' || asOperand.has(expression.callee)) return expression
  const { from, generic, callee } = expression
  if (from === 'tf' && toldRank.has(callee)) return { ...expression, resultType: `tf.Rank.R${rank}` }
  return from === 'tf' || generic ? { ...expression, resultType: typeOfRank(rank) } : expression
}

/** Returns the type of a tensor. TensorFlow.js exports names for ranks up to 5 only. */
export function typeOfRank(rank: number): string {
  if (rank === 0) return 'tf.Scalar'
  return rank > 5 ? `tf.Tensor<tf.Rank.R${rank}>` : `tf.Tensor${rank}D`
}

/** Yields the expression and all expressions inside it. */
function* expressionsIn(expression: Expression): Generator<Expression> {
  yield expression
  for (const inner of operandsOf(expression)) yield* expressionsIn(inner)
}

function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'source':
    case 'variable':
      return []
    case 'call':
      return expression.arguments
    case 'array':
      return expression.items
    case 'object':
      return expression.fields.map(({ value }) => value)
    case 'conditional':
      return [expression.condition, expression.whenTrue, expression.whenFalse]
  }
}

/** Returns how often an expression contains the code of an operand: one that is read twice must be computed before. */
export function occurrences(expression: Expression, operand: Expression): number {
  return [...expressionsIn(expression)].filter((inner) => inner === operand).length
}

/** Names of the functions of wsban/runtime that the expression calls. */
export function runtimeFunctionsIn(expression: Expression): readonly string[] {
  const calls = [...expressionsIn(expression)].filter((inner) => inner.kind === 'call')
  return [...new Set(calls.flatMap(({ from, callee }) => (from === 'runtime' ? [callee] : [])))]
}

/** Whether a function of TensorFlow.js is called anywhere in the expression. */
export function callsTensorflow(expression: Expression): boolean {
  return [...expressionsIn(expression)].some((inner) => inner.kind === 'call' && inner.from === 'tf')
}

/** Names of the variables that the expressions read. */
export function variablesIn(expressions: readonly Expression[]): ReadonlySet<string> {
  const all = expressions.flatMap((expression) => [...expressionsIn(expression)])
  return new Set(all.flatMap((inner) => (inner.kind === 'variable' ? [inner.name] : [])))
}
