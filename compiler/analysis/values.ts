import type { Block, Branch, Expression, Span, Unit } from '../../grammar/tree.js'
import { shapeText, type TensorType, type ValueRef } from '../graph/graph.js'
import type { Operation } from '../ops/operation.js'
import type { Scope } from './scope.js'

/** The compile-time value of an expression. */
export type Value =
  | { readonly kind: 'number'; readonly value: number; readonly unit?: Unit }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | {
      readonly kind: 'string'
      readonly value: string
      /** Where it is written, if a tensor of this name could be meant. */
      readonly quoted?: Span
    }
  | ListValue
  | TupleValue
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** `training ? a : b` between constants. */
  | { readonly kind: 'by-phase'; readonly training: Value; readonly evaluation: Value }
  /** The word `training`, good for a condition. */
  | { readonly kind: 'phase' }
  | TensorValue
  | InstanceValue
  | { readonly kind: 'operation'; readonly operation: Operation }
  /** One that is evaluated when the model is compiled. */
  | { readonly kind: 'function'; readonly name: string; readonly makesWeights: boolean }
  | DefinitionValue
  /** `backbone`, which finds a block by its published name. */
  | { readonly kind: 'backbone' }
  /** Went wrong already and was reported; nothing more is said of what is made from it. */
  | { readonly kind: 'error' }

export interface ListValue {
  readonly kind: 'list'
  readonly items: readonly Value[]
  /** The number of its items and of those of the lists in it. A list in two places counts twice: it is walked twice. */
  readonly total: number
}

/** Several values that a body returns. */
export interface TupleValue {
  readonly kind: 'tuple'
  readonly items: readonly TupleItem[]
}

export interface TupleItem {
  readonly value: Value
  readonly span: Span
  /** As which it can be taken from the result of a call: its own, where it is written as a name or a member. */
  readonly name: string | undefined
}

export interface TensorValue {
  readonly kind: 'tensor'
  readonly ref: ValueRef
  readonly type: TensorType
  /** Where it was made, to show its shape there. */
  readonly span: Span
}

/** The value of a call: its result, the bindings inside, and how to run the same weights again. */
export interface InstanceValue {
  readonly kind: 'instance'
  /** The block's or operation's name, for messages. */
  readonly of: string
  readonly result: TensorValue | undefined
  readonly members: ReadonlyMap<string, Value>
  /** The members that are its values where it has several instead of a single result. */
  readonly values?: readonly string[]
  /** Of a repeat: its rounds in order. They are members as well, by their names. */
  readonly rounds?: readonly Value[]
  readonly recall?: Recall
}

/** A call that can be repeated on another tensor with the same weights. */
export interface Recall {
  readonly callee: DefinitionValue | { readonly kind: 'operation'; readonly operation: Operation }
  /** Argument values of the first call; tensors are replaced by what the new call gives. */
  readonly arguments: ReadonlyMap<string, BoundArgument>
  readonly parameterPath: readonly string[]
}

export interface BoundArgument {
  readonly value: Value
  readonly span: Span
  /** A bare word, where the argument takes one. */
  readonly word?: string
  /** As it is written in the call, when it is. */
  readonly expression?: Expression
}

/** A block or a branch, with the names that are visible in it. */
export interface DefinitionValue {
  readonly kind: 'definition'
  readonly definition: Block | Branch
  readonly scope: Scope<Value>
}

/** Whether something of this kind can be called with any arguments. */
export function isCallable({ kind }: Value): boolean {
  return kind === 'operation' || kind === 'function' || kind === 'definition' || kind === 'backbone'
}

/** Whether a value, or one in a list, went wrong and was reported. */
export function isReported(value: Value): boolean {
  return value.kind === 'error' || (value.kind === 'list' && value.items.some(isReported))
}

/** Whether a value is a constant; a list is one if its items are, those that went wrong aside. */
export function isConstant(value: Value): boolean {
  if (value.kind === 'list') return value.items.every((item) => item.kind === 'error' || isConstant(item))
  return value.kind === 'number' || value.kind === 'boolean' || value.kind === 'string'
}

export function listOf(items: readonly Value[]): ListValue {
  const total = items.reduce((sum, item) => sum + 1 + (item.kind === 'list' ? item.total : 0), 0)
  return { kind: 'list', items, total }
}

export const errorValue: Value = { kind: 'error' }

/** Returns the tensor of a value: itself, or the result of an instance; undefined if it has none. */
export function tensorOf(value: Value): TensorValue | undefined {
  if (value.kind === 'tensor') return value
  return value.kind === 'instance' ? value.result : undefined
}

/** The value in words: `a tensor (768 x 26 x 26)`. */
export function describe(value: Value): string {
  switch (value.kind) {
    case 'number':
      return value.unit === 'percent'
        ? `${round(value.value * 100)}%`
        : `the number ${[round(value.value), ...(value.unit ? [unitText(value.value, value.unit)] : [])].join(' ')}`
    case 'boolean':
      return String(value.value)
    case 'string':
      return `the string "${value.value}"`
    case 'list':
      return 'a list'
    case 'uniform':
      return 'a random number'
    case 'by-phase':
      return 'a value that depends on training'
    case 'phase':
      return 'the word `training`'
    case 'tensor':
      return `a tensor (${shapeText(value.type)})`
    case 'instance':
      if (value.result) return `a tensor (${shapeText(value.result.type)})`
      return value.values ? `${value.values.length} values: ${value.values.join(', ')}` : `branch ${value.of}`
    case 'tuple':
      return `${value.items.length} values`
    case 'operation':
      return `the operation ${value.operation.name}`
    case 'function':
      return `the function ${value.name}`
    case 'definition':
      return `the ${value.definition.kind} ${value.definition.name.text}`
    case 'backbone':
      return 'the function backbone'
    case 'error':
      return 'something broken'
  }
}

function unitText(number: number, unit: Unit): string {
  return number === 1 ? unit.replace(/s$/, '') : unit
}

/** Without the noise of binary fractions. */
function round(value: number): number {
  return Number(value.toPrecision(12))
}
