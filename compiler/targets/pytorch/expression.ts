import type { Attribute } from '../../graph/graph.js'
import { stringCode } from './python.js'

/** An expression of generated Python. Lowerings build it, `printExpression` writes it, and `statement` breaks it into lines. */
export type Expression =
  /** A variable, an attribute, a literal or a slice: source text without an operator or a bracket outside a string. */
  | { readonly kind: 'source'; readonly text: string }
  | CallExpression
  | { readonly kind: 'attribute'; readonly target: Expression; readonly name: string }
  | { readonly kind: 'subscript'; readonly target: Expression; readonly indices: readonly Expression[] }
  | { readonly kind: 'tuple' | 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [key: Expression, value: Expression])[] }
  | { readonly kind: 'arithmetic'; readonly operator: Operator; readonly operands: readonly Expression[] }
  | {
      readonly kind: 'conditional'
      readonly condition: Expression
      readonly whenTrue: Expression
      readonly whenFalse: Expression
    }

export type Operator = '+' | '-' | '*' | '/' | '<' | '<=' | '>' | '>=' | '==' | '!='

export interface CallExpression {
  readonly kind: 'call'
  readonly callee: Expression
  readonly arguments: readonly Argument[]
  /** The callee is an nn.Module, whose calls return anything to a type checker. */
  readonly ofModule?: true
}

/** An argument of a call: positional, or by keyword where it has a name. */
export interface Argument {
  readonly name?: string
  readonly value: Expression
}

/** An argument as a lowering gives it to a call; undefined ones are omitted. */
export type Given = Expression | Argument | undefined

/** A value that is known when the code is written; ranges are written as pairs. */
export type Literal = Exclude<Attribute, { readonly kind: 'by-phase' }>

export const source = (text: string): Expression => ({ kind: 'source', text })
export const attribute = (target: Expression, name: string): Expression => ({ kind: 'attribute', target, name })
export const tuple = (items: readonly Expression[]): Expression => ({ kind: 'tuple', items })
export const list = (items: readonly Expression[]): Expression => ({ kind: 'list', items })
export const keyword = (name: string, value: Expression): Argument => ({ name, value })

export function subscript(target: Expression, ...indices: readonly Expression[]): Expression {
  return { kind: 'subscript', target, indices }
}

export function arithmetic(operator: Operator, ...operands: readonly Expression[]): Expression {
  return { kind: 'arithmetic', operator, operands }
}

/** The module that a method belongs to. */
export const self = source('self')

/** Whether the model is training, as a module knows it. */
export const training = source('self.training')

/** Returns the indices from the first to before the last, both optional: `0:3`, `-2:`, `:`. */
export function slice(from?: number, to?: number): Expression {
  return source(`${from ?? ''}:${to ?? ''}`)
}

/** Returns `whenTrue if self.training else whenFalse`. */
export function inTraining(whenTrue: Expression, whenFalse: Expression): Expression {
  return { kind: 'conditional', condition: training, whenTrue, whenFalse }
}

export function callOf(callee: Expression | string, ...given: readonly Given[]): CallExpression {
  const present = given.filter((argument) => argument !== undefined)
  return {
    kind: 'call',
    callee: typeof callee === 'string' ? source(callee) : callee,
    arguments: present.map((argument) => ('kind' in argument ? { value: argument } : argument)),
  }
}

/** Returns a call of a module: `self.conv(x)`. */
export function callOfModule(module: Expression, ...given: readonly Given[]): CallExpression {
  return { ...callOf(module, ...given), ofModule: true }
}

/** Returns a call of a method: `x.flatten(1)`. */
export function method(target: Expression, name: string, ...given: readonly Given[]): CallExpression {
  return callOf(attribute(target, name), ...given)
}

export const quoted = (text: string): Expression => source(stringCode(text))

/** Returns a value as Python writes it: `True`, `0.5`, `"max"`, `(3, 3)`. */
export function literal(value: Literal): Expression {
  if (typeof value === 'string') return quoted(value)
  // ruff writes 1e30, JavaScript 1e+30.
  if (typeof value === 'number') return source(String(value).replace('e+', 'e'))
  if (typeof value === 'boolean') return source(value ? 'True' : 'False')
  const items = 'kind' in value ? [value.low, value.high] : value
  return tuple(items.map(literal))
}

/** Returns the code on one line. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'source':
      return expression.text
    case 'arithmetic':
    case 'conditional':
      return operandLines(expression).join(' ')
    case 'attribute':
      return `${printOperand(expression.target)}.${expression.name}`
    default: {
      const { open, items, close } = bracketed(expression)
      return `${open}${items.map(printItem).join(', ')}${close}`
    }
  }
}

export const printItem = ({ prefix, value }: Item) => `${prefix}${printExpression(value)}`

/** One entry between brackets, with what is written before its value: `stride=`, `"key": `. */
export interface Item {
  readonly prefix: string
  readonly value: Expression
}

/** Returns the parts of an expression that ends in brackets. A tuple of one item keeps its comma: `(3,)`. */
export function bracketed(
  expression: Exclude<Expression, { readonly kind: 'source' | 'arithmetic' | 'conditional' | 'attribute' }>,
): { readonly open: string; readonly items: readonly Item[]; readonly close: string } {
  const plain = (items: readonly Expression[]) => items.map((value) => ({ prefix: '', value }))
  switch (expression.kind) {
    case 'call':
      return {
        open: `${printOperand(expression.callee)}(`,
        items: expression.arguments.map(({ name, value }) => ({
          prefix: name === undefined ? '' : `${name}=`,
          value,
        })),
        close: ')',
      }
    case 'subscript':
      return { open: `${printOperand(expression.target)}[`, items: plain(expression.indices), close: ']' }
    case 'list':
      return { open: '[', items: plain(expression.items), close: ']' }
    case 'tuple':
      return { open: '(', items: plain(expression.items), close: expression.items.length === 1 ? ',)' : ')' }
    case 'dict':
      return {
        open: '{',
        items: expression.entries.map(([key, value]) => ({ prefix: `${printExpression(key)}: `, value })),
        close: '}',
      }
  }
}

/** Returns the operands of an expression, each after its operator, as they stand where one line is not enough. */
export function operandLines(
  expression: Extract<Expression, { readonly kind: 'arithmetic' | 'conditional' }>,
): readonly string[] {
  if (expression.kind === 'arithmetic')
    return expression.operands.map((operand, index) =>
      index === 0 ? printOperand(operand) : `${expression.operator} ${printOperand(operand)}`,
    )
  const { condition, whenTrue, whenFalse } = expression
  return [printOperand(whenTrue), `if ${printOperand(condition)}`, `else ${printOperand(whenFalse)}`]
}

/** In parentheses where an operator next to it would take it apart. */
function printOperand(expression: Expression): string {
  const code = printExpression(expression)
  return expression.kind === 'arithmetic' || expression.kind === 'conditional' ? `(${code})` : code
}

/** Returns how often an expression contains the code of an operand. */
export function occurrences(expression: Expression, operand: Expression): number {
  if (expression === operand) return 1
  return operandsOf(expression).reduce((count, inner) => count + occurrences(inner, operand), 0)
}

function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'source':
      return []
    case 'call':
      return [expression.callee, ...expression.arguments.map(({ value }) => value)]
    case 'attribute':
      return [expression.target]
    case 'subscript':
      return [expression.target, ...expression.indices]
    case 'tuple':
    case 'list':
      return expression.items
    case 'dict':
      return expression.entries.flat()
    case 'arithmetic':
      return expression.operands
    case 'conditional':
      return [expression.condition, expression.whenTrue, expression.whenFalse]
  }
}

/** Whether type checkers know the type of the result, whatever that of the operands is: a function is called, and no module. */
export function isTypedCall(expression: Expression): boolean {
  if (expression.kind === 'attribute' || expression.kind === 'subscript') return isTypedCall(expression.target)
  if (expression.kind !== 'call' || expression.ofModule) return false
  return expression.callee.kind === 'source' || isTypedCall(expression.callee)
}
