import { isPlainName, writtenMember } from '../../grammar/names.js'
import type { Argument, Expression, Span, Statement } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import type { Frame } from '../graph/graph.js'
import type { ArgumentSpec } from '../ops/operation.js'
import type { AnalysisFacts } from './analysis_facts.js'
import type { ExpansionCache } from './expansion_cache.js'
import type { GraphBuilder } from './graph_builder.js'
import type { Place } from './naming.js'
import type { Scope } from './scope.js'
import type { BoundArgument, DefinitionValue, Value } from './values.js'

/** The context of an expression: the visible names, and the place of the nodes and parameters that it creates. */
export interface Context {
  readonly scope: Scope<Value>
  readonly frame: Frame
  /** The path of nodes created here, and of their parameters; they differ if weights are shared. */
  readonly path: readonly string[]
  readonly parameterPath: readonly string[]
  /** Whether this is within an expansion that is going to be cached: expansions inside it need not be. */
  readonly cached?: boolean
}

/** One call with its context. */
export interface Call {
  readonly list: readonly Argument[]
  /** Evaluated positional values, instead of a list. */
  readonly given?: readonly BoundArgument[]
  readonly span: Span
  readonly piped: BoundArgument | undefined
  readonly context: Context
  readonly place: Place
  /** The callee as written, for names of nodes and messages. */
  readonly callee: string
  /** Whether it is written without parentheses: `x -> relu`. */
  readonly bare?: boolean
}

/** The block or repeat that a body belongs to, for messages. */
export interface BodyOwner {
  /** The block's name. */
  readonly block: string | undefined
  readonly span: Span
}

/** The state that the phases of elaboration share: the graph under construction, the diagnostics, and the evaluation of inner expressions. */
export interface Elaboration {
  readonly builder: GraphBuilder
  readonly diagnostics: readonly Diagnostic[]
  readonly cache: ExpansionCache | undefined
  readonly facts: AnalysisFacts | undefined
  /** Returns the value of an omitted argument: null for none, undefined if it is required. */
  defaultOf(callee: string, spec: ArgumentSpec): ArgumentSpec['default']
  readonly report: (diagnostic: Diagnostic) => void
  /** Returns the block of a published name, and that name with the tag of its weights. */
  backbone(name: string): { readonly name: string; readonly definition: DefinitionValue } | undefined
  evaluate(expression: Expression, context: Context, place: Place): Value
  /** Evaluates a body: its bindings, then its return. */
  statements(
    statements: readonly Statement[],
    context: Context,
    owner: BodyOwner,
    needsResult: boolean,
  ): { readonly result: Value | undefined; readonly members: ReadonlyMap<string, Value> }
  /** Returns whether the model has reached its size limit; reports it once. */
  isFull(span: Span): boolean
  isExpanding(definition: DefinitionValue['definition']): boolean
  /** Returns what `expand` does, which runs as the expansion of a call of this definition. */
  expanding(call: DefinitionCall, expand: () => Value): Value
}

export interface DefinitionCall {
  readonly definition: DefinitionValue['definition']
  readonly span: Span
}

/** Returns the binding whose value the call is, seen from the frame around it. */
export function bindingPath({ place, context }: Call): { local?: readonly string[] } {
  const stage = place.ownLine && !place.last && place.stage !== undefined ? [String(place.stage)] : []
  const local = [...context.path.slice(context.frame.path.length), ...place.naming.name, ...stage]
  const named = place.last || (stage.length > 0 && place.naming.name.length > 0)
  return named && local.length > 0 ? { local } : {}
}

/** Returns the expression as a short text, for messages. */
export function sourceText(expression: Expression): string {
  if (expression.kind === 'name') return expression.text
  if (expression.kind === 'string' && !isPlainName(expression.value)) return JSON.stringify(expression.value)
  if (expression.kind === 'member') return `${sourceText(expression.object)}.${writtenMember(expression.member.text)}`
  if (expression.kind === 'index') return `${sourceText(expression.object)}[...]`
  return expression.kind === 'call' ? `${sourceText(expression.callee)}(...)` : 'this'
}
