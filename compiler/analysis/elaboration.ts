import type { Argument, Expression, Span, Statement } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import type { Frame } from '../graph/graph.js'
import type { ArgumentSpec } from '../ops/operation.js'
import type { AnalysisFacts } from './analysis_facts.js'
import type { GraphBuilder } from './builder.js'
import type { Memo } from './memo.js'
import type { Scope } from './scope.js'
import type { BoundArgument, DefinitionValue, Value } from './values.js'

/** Where an expression stands: what it sees, and where the things it makes go. */
export interface Context {
  readonly scope: Scope<Value>
  readonly frame: Frame
  /** Path of the nodes made here, and of their parameters; they differ where weights are shared. */
  readonly path: readonly string[]
  readonly parameterPath: readonly string[]
}

/** How the calls of one binding's expression are named. */
export interface Naming {
  /** The binding's name; none for `return` and for a branch's call. */
  readonly name: readonly string[]
  /** Calls in the expression that make weights. A single one takes the binding's own name; several are numbered. */
  readonly makers: number
  /** The next number of a maker that is no stage of the pipeline. */
  counter: number
}

/** Which call of a binding's expression is named. */
export interface Place {
  readonly naming: Naming
  /** Whether its value is the value of the whole expression. */
  readonly last: boolean
  /** Its number in the binding's pipeline. */
  readonly stage?: number
  /** Whether generated code gives the stage a line of its own. */
  readonly ownLine?: boolean
}

/** One call, with what stands around it. */
export interface Call {
  readonly list: readonly Argument[]
  /** Values by position that are evaluated already, instead of a list. */
  readonly given?: readonly BoundArgument[]
  readonly span: Span
  readonly piped: BoundArgument | undefined
  readonly context: Context
  readonly place: Place
  /** How the callee is written, for names of nodes and messages. */
  readonly callee: string
  /** Whether it stands without brackets: `x -> relu`. */
  readonly bare?: boolean
}

/** The state that the parts of the elaborator share: the graph under construction, the diagnostics, and the evaluation of inner expressions. */
export interface Elaboration {
  readonly builder: GraphBuilder
  readonly diagnostics: readonly Diagnostic[]
  /** Calls of definitions that are being written out, innermost last. */
  readonly calls: DefinitionCall[]
  /** Whether an outer block is kept for the next compilation: inner ones need not be. */
  keeping: boolean
  readonly memo: Memo | undefined
  readonly facts: AnalysisFacts | undefined
  /** Returns the value of an omitted argument: null for none, undefined if it is required. */
  defaultOf(callee: string, spec: ArgumentSpec): ArgumentSpec['default']
  readonly report: (diagnostic: Diagnostic) => void
  evaluate(expression: Expression, context: Context, place: Place): Value
  /** Runs a body: its bindings, then its return. */
  statements(
    statements: readonly Statement[],
    context: Context,
    owner: { readonly name: string; readonly span: Span },
    needsResult: boolean,
  ): { readonly result: Value | undefined; readonly members: ReadonlyMap<string, Value> }
}

export interface DefinitionCall {
  readonly definition: DefinitionValue['definition']
  readonly span: Span
}

/** The place of something inside the expression, whose value is not the expression's own. */
export function inner(place: Place): Place {
  return { naming: place.naming, last: false }
}

/** Names of a call that makes weights: the binding's own, or numbered under it like the stages of a Sequential. */
export function makerName({ naming, stage }: Place): readonly string[] {
  if (naming.makers <= 1) return naming.name
  return [...naming.name, String(stage ?? naming.counter++)]
}

/** The expression as a short text, for messages. */
export function sourceText(expression: Expression): string {
  if (expression.kind === 'name') return expression.text
  if (expression.kind === 'member') return `${sourceText(expression.object)}.${expression.member.text}`
  return expression.kind === 'call' ? `${sourceText(expression.callee)}(...)` : 'this'
}
