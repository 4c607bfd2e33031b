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
      /** Its span, if it could be meant as the name of a tensor. */
      readonly quoted?: Span
    }
  | ListValue
  | TupleValue
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** `training ? a : b` between constants. */
  | { readonly kind: 'by-phase'; readonly training: Value; readonly evaluation: Value }
  /** The word `training`, for a condition. */
  | { readonly kind: 'phase' }
  | TensorValue
  | InstanceValue
  | { readonly kind: 'operation'; readonly operation: Operation }
  /** A function that is evaluated at compile time. */
  | { readonly kind: 'function'; readonly name: string; readonly makesWeights: boolean }
  | DefinitionValue
  /** `backbone`, which finds a block by its published name. */
  | { readonly kind: 'backbone' }
  /** The result of a reported error, which suppresses follow-up diagnostics. */
  | { readonly kind: 'error' }

export interface ListValue {
  readonly kind: 'list'
  readonly items: readonly Value[]
  /** The number of its items and of those of the lists in it. A list that occurs twice counts twice, as it is traversed twice. */
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
  /** The name under which a caller can access it, if it is written as a name or a member. */
  readonly name: string | undefined
}

export interface TensorValue {
  readonly kind: 'tensor'
  readonly ref: ValueRef
  readonly type: TensorType
  /** The span at which messages show its shape. */
  readonly span: Span
}

/** The value of a call: its result, the bindings inside, and how to run the same weights again. */
export interface InstanceValue {
  readonly kind: 'instance'
  /** The block's or operation's name, for messages. */
  readonly of: string
  readonly result: TensorValue | undefined
  readonly members: ReadonlyMap<string, Value>
  /** The members that are its values, if it has several instead of a single result. */
  readonly values?: readonly string[]
  /** The rounds of a repeat in order, which are members as well. */
  readonly rounds?: readonly Value[]
  readonly recall?: Recall
}

/** A call that can be repeated on another tensor with the same weights. */
export interface Recall {
  readonly callee: DefinitionValue | { readonly kind: 'operation'; readonly operation: Operation }
  /** Argument values of the first call, whose tensors are replaced by those of the new call. */
  readonly arguments: ReadonlyMap<string, BoundArgument>
  readonly parameterPath: readonly string[]
}

export interface BoundArgument {
  readonly value: Value
  readonly span: Span
  /** A bare word, where the argument takes one. */
  readonly word?: string
  /** Its expression in the call, if it is written there. */
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

/** Whether a value, or one in a list, is the result of a reported error. */
export function isReported(value: Value): boolean {
  return value.kind === 'error' || (value.kind === 'list' && value.items.some(isReported))
}

/** Whether a value is a constant; a list is one if its items are, apart from reported errors. */
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

/** Describes a value: `a tensor (768 x 26 x 26)`. */
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
      return value.items.length === 1 ? 'a list of one value' : `a list of ${value.items.length} values`
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

/** Rounds away binary rounding noise. */
function round(value: number): number {
  return Number(value.toPrecision(12))
}
