import { isPlainName, writtenMember } from '../../grammar/names.js'
import type { Argument, Binding, Expression, Span, Statement } from '../../grammar/tree.js'
import { publishedBackbone } from '../backbones/published.js'
import type { Diagnostic, Label } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import { operationNamed } from '../ops/index.js'
import type { ArgumentSpec } from '../ops/operation.js'
import type { AnalysisFacts } from './analysis_facts.js'
import { callBackbone } from './backbone_call.js'
import { binary } from './binary.js'
import { callDefinition } from './block_call.js'
import type { Defaults } from './defaults.js'
import { type BodyOwner, type Context, type DefinitionCall, type Elaboration, sourceText } from './elaboration.js'
import type { ExpansionCache } from './expansion_cache.js'
import { callFunction } from './functions/call.js'
import { GraphBuilder } from './graph_builder.js'
import { evaluateIndex } from './indexing.js'
import { inner, isNumbered, type Place, placeOf, placeOfSide } from './naming.js'
import { callOperation } from './operation_call.js'
import { evaluateRepeat } from './repeat.js'
import type { Scope } from './scope.js'
import { callAgain } from './shared_call.js'
import { evaluateTuple } from './tuple.js'
import {
  type BoundArgument,
  type DefinitionValue,
  describe,
  errorValue,
  isCallable,
  listOf,
  tensorOf,
  type Value,
} from './values.js'

/** A longer pipeline is hard to read on one line, so generated code has a line for each numbered stage. */
const maxStagesPerLine = 4

/** The limit for the items of a list, nested lists included. */
const mostItems = 10_000

/** Calls of a chain that a message shows. */
const longestChain = 4

export interface ElaboratorOptions {
  /** Returns the standard file that defines a block, for a hint at an unknown name. */
  readonly exporting?: (block: string) => string | undefined
  /** Returns the block of a published name. */
  readonly backbone?: (name: string) => DefinitionValue | undefined
  /** The defaults with which the spec was first compiled, if known. */
  readonly defaults?: Defaults | undefined
  /** Blocks expanded in earlier compilations. */
  readonly cache?: ExpansionCache | undefined
  /** Records the values of expressions and names, for editors. */
  readonly facts?: AnalysisFacts | undefined
}

/**
 * Evaluates every expression and builds the graph: it expands blocks, infers shapes and assigns names. A user's error becomes a diagnostic and an
 * error value, which suppresses follow-up diagnostics.
 */
export class Elaborator implements Elaboration {
  readonly builder = new GraphBuilder()
  readonly diagnostics: Diagnostic[] = []
  private readonly calls: DefinitionCall[] = []
  private readonly reported = new Set<string>()
  private tooLarge = false
  private readonly exporting: (block: string) => string | undefined
  private readonly findBackbone: (name: string) => DefinitionValue | undefined
  private readonly defaults: Defaults
  readonly cache: ExpansionCache | undefined
  readonly facts: AnalysisFacts | undefined

  constructor({
    exporting = () => undefined,
    backbone = () => undefined,
    defaults = {},
    cache,
    facts,
  }: ElaboratorOptions = {}) {
    this.findBackbone = backbone
    this.exporting = exporting
    this.defaults = defaults
    this.cache = cache
    this.facts = facts
  }

  defaultOf(callee: string, { name, default: present }: ArgumentSpec): ArgumentSpec['default'] {
    const kept = this.defaults[callee]?.[name]
    return kept === undefined ? present : kept
  }

  backbone(name: string): { readonly name: string; readonly definition: DefinitionValue } | undefined {
    const definition = this.findBackbone(name)
    return definition && { name: publishedBackbone(name)?.name ?? name, definition }
  }

  /** Blocks are expanded many times: a mistake in one is reported once, with the call that led there. */
  readonly report = (diagnostic: Diagnostic): void => {
    this.reportOnce(diagnostic, this.callsAround(diagnostic.primary.span))
  }

  /** A problem of the text itself, in whichever call it was found, is reported without the calls. */
  private reportOnce(diagnostic: Diagnostic, calls: readonly Label[] = []): void {
    const { primary, code, message, secondary } = diagnostic
    // The parameter of a model that names its backbone is used in several places.
    const place = code === 'unknown-backbone' ? '' : `${primary.span.source} ${primary.span.start}`
    const key = `${code} ${place} ${message}`
    if (this.reported.has(key)) return
    this.reported.add(key)
    this.diagnostics.push({ ...diagnostic, secondary: [...secondary, ...calls] })
  }

  /** Labels the calls that led to a place within blocks, the innermost first: of a long chain its two ends. */
  private callsAround(place: Span): Label[] {
    // A branch of its own is called where it is defined.
    const calls = this.calls.filter(
      ({ definition, span }) =>
        !contains(span, place) && !(definition.kind === 'branch' && contains(definition.span, span)),
    )
    const shown = calls.length > longestChain ? [...calls.slice(0, 1), ...calls.slice(1 - longestChain)] : calls
    return shown.reverse().map(({ span }) => ({ span, text: 'in this call' }))
  }

  /** Evaluates `name = value` and makes the name known. */
  bind(binding: Binding, context: Context): Value {
    const value = this.valueOf(binding, context)
    if (!context.scope.define(binding.name.text, value))
      this.reportOnce(diagnose('duplicate-name', { name: binding.name.text }, binding.name.span))
    return value
  }

  /** Evaluates a binding's expression; what it makes is named after the binding. */
  valueOf(binding: Binding, context: Context): Value {
    const place = placeOf(binding.value, [binding.name.text], context.scope)
    const first = this.builder.nodes.length
    const value = this.named(this.evaluate(binding.value, context, place), binding.value.span)
    this.facts?.named(binding.name, { value, first, end: this.builder.nodes.length })
    return value
  }

  isExpanding(definition: DefinitionCall['definition']): boolean {
    return this.calls.some((outer) => outer.definition === definition)
  }

  expanding(call: DefinitionCall, expand: () => Value): Value {
    this.calls.push(call)
    const value = expand()
    this.calls.pop()
    return value
  }

  /** A tensor is shown where it got its name. */
  private named(value: Value, span: Span): Value {
    if (value.kind === 'tensor') return { ...value, span }
    if (value.kind === 'instance' && value.result) return { ...value, result: { ...value.result, span } }
    return value
  }

  statements(statements: readonly Statement[], context: Context, owner: BodyOwner, needsResult: boolean) {
    const members = new Map<string, Value>()
    let result: Value | undefined
    let complained = false
    for (const statement of statements) {
      if (result) {
        if (!complained) this.reportOnce(diagnose('after-return', {}, statement.span))
        complained = true
      } else if (statement.kind === 'binding') members.set(statement.name.text, this.bind(statement, context))
      else result = this.evaluate(statement.value, context, placeOf(statement.value, [], context.scope))
    }
    if (!result && needsResult) {
      this.reportOnce(diagnose('no-result', { block: owner.block }, owner.span))
      result = errorValue
    }
    return { result, members }
  }

  evaluate(expression: Expression, context: Context, place: Place): Value {
    const value = this.evaluateExpression(expression, context, place)
    this.facts?.value(expression.span, value)
    return value
  }

  private evaluateExpression(expression: Expression, context: Context, place: Place): Value {
    switch (expression.kind) {
      case 'missing':
        return errorValue
      case 'number':
        return expression.unit
          ? { kind: 'number', value: expression.value, unit: expression.unit }
          : { kind: 'number', value: expression.value }
      case 'string':
        return quotedName(expression, context.scope) ?? quotable(expression, context.scope)
      case 'boolean':
        return { kind: 'boolean', value: expression.value }
      case 'list':
        return this.list(expression, context, place)
      case 'tuple':
        return evaluateTuple(this, expression, context, place)
      case 'name':
        return this.name(expression.text, expression.span, context.scope)
      case 'member':
        return this.member(expression, context, place)
      case 'index':
        return evaluateIndex(this, expression, context, place)
      case 'call':
        return this.call(expression.callee, expression.arguments, expression.span, undefined, context, place)
      case 'pipeline':
        return this.pipeline(expression, context, place)
      case 'negate':
        return binary(
          this,
          context,
          place,
          expression.span,
          '*',
          { value: { kind: 'number', value: -1 }, span: expression.span },
          this.bound(expression.operand, context, place),
        )
      case 'binary': {
        const left = this.bound(expression.left, context, place)
        const right = this.bound(expression.right, context, place)
        return binary(this, context, place, expression.span, expression.operator, left, right)
      }
      case 'conditional':
        return this.conditional(expression, context, place)
      case 'repeat':
        return evaluateRepeat(this, expression, context, place)
    }
  }

  private bound(expression: Expression, context: Context, place: Place): BoundArgument {
    return { value: this.evaluate(expression, context, inner(place)), span: expression.span }
  }

  /** A list in a repeat may double with each round. */
  private list({ items, span }: Extract<Expression, { kind: 'list' }>, context: Context, place: Place): Value {
    const list = listOf(items.map((item) => this.evaluate(item, context, inner(place))))
    if (list.total <= mostItems) return list
    this.report(diagnose('model-too-large', { what: 'items in a list', most: mostItems }, span))
    return errorValue
  }

  private name(text: string, span: Span, scope: Scope<Value>): Value {
    const value = scope.find(text)
    if (value) return value
    const importable = this.exporting(text)
    this.report(diagnose('unknown-name', { name: text, known: [], suggestion: scope.nearest(text), importable }, span))
    return errorValue
  }

  private member(expression: Extract<Expression, { kind: 'member' }>, context: Context, place: Place): Value {
    const object = this.evaluate(expression.object, context, inner(place))
    const { text, span } = expression.member
    const objectText = sourceText(expression.object)
    if (object.kind === 'error') return errorValue
    if (object.kind !== 'instance') {
      this.report(diagnose('no-members', { object: objectText, what: describe(object) }, span))
      return errorValue
    }
    const value = object.members.get(text)
    if (value) return value
    const members = [...object.members.keys()]
    const closest = nearest(text, members)
    const suggestion = closest === undefined ? undefined : writtenMember(closest)
    const known = members.map(writtenMember)
    this.report(diagnose('unknown-member', { name: text, object: objectText, known, suggestion }, span))
    return errorValue
  }

  private pipeline(expression: Extract<Expression, { kind: 'pipeline' }>, context: Context, place: Place): Value {
    const startIsCall = expression.start.kind === 'call'
    const from = startIsCall ? 1 : 0
    const start = startIsCall ? { ...inner(place), stage: 0 } : inner(place)
    let value: BoundArgument = { value: this.evaluate(expression.start, context, start), span: expression.start.span }
    const ownLine = isNumbered(place.naming) && expression.stages.length > maxStagesPerLine
    const numbered = new Map<string, Value>(startIsCall ? [['0', value.value]] : [])
    expression.stages.forEach((stage, index) => {
      const last = place.last && index === expression.stages.length - 1
      const at: Place = { naming: place.naming, last, stage: index + from, ownLine }
      const next =
        stage.kind === 'call'
          ? this.call(stage.callee, stage.arguments, stage.span, value, context, at)
          : this.call(stage, [], stage.span, value, context, at)
      value = { value: next, span: { ...expression.span, end: stage.span.end } }
      this.facts?.value(value.span, next)
      numbered.set(String(index + from), next)
    })
    return isNumbered(place.naming) ? this.withStages(value.value, numbered) : value.value
  }

  /** Where the stages' weights are numbered, each stage is a tap by its number. */
  private withStages(value: Value, stages: ReadonlyMap<string, Value>): Value {
    const result = tensorOf(value)
    if (!result) return value
    const members = value.kind === 'instance' ? value.members : new Map<string, Value>()
    return { kind: 'instance', of: 'pipeline', result, members: new Map([...members, ...stages]) }
  }

  /** `callee(list)`, with the value that came through `->` as the first argument. */
  private call(
    callee: Expression,
    list: readonly Argument[],
    span: Span,
    piped: BoundArgument | undefined,
    context: Context,
    place: Place,
  ): Value {
    if (callee.kind === 'name' && callee.text === 'uniform' && !context.scope.find('uniform'))
      return this.uniform(list, span, context, place)
    const target = this.evaluate(callee, context, inner(place))
    if (target.kind === 'error') {
      // The arguments may hold mistakes of their own.
      for (const argument of list)
        if (argument.value.kind !== 'name') this.evaluate(argument.value, context, inner(place))
      return errorValue
    }
    if (this.isFull(span)) return errorValue
    const bare = callee.span.end === span.end
    const call = { list, span, piped, context, place, callee: sourceText(callee), bare }
    if (target.kind === 'operation') return callOperation(this, target.operation, call)
    if (target.kind === 'function') return callFunction(this, target.name, call)
    if (target.kind === 'backbone') return callBackbone(this, call)
    if (target.kind === 'definition') return callDefinition(this, target, call)
    if (target.kind === 'instance' && target.recall) return callAgain(this, target.recall, call)
    const hides = callee.kind === 'name' && context.scope.meanings(callee.text).some(isCallable)
    const what = describe(target)
    this.report(diagnose('not-callable', { what, hidden: hides ? callee.text : undefined }, callee.span))
    return errorValue
  }

  isFull(span: Span): boolean {
    const bound = this.builder.full
    if (!bound) return false
    if (!this.tooLarge) this.report(diagnose('model-too-large', bound, span))
    this.tooLarge = true
    return true
  }

  private uniform(list: readonly Argument[], span: Span, context: Context, place: Place): Value {
    const values = list.map((argument) => this.evaluate(argument.value, context, inner(place)))
    const [low, high] = values
    if (values.length === 2 && low?.kind === 'number' && high?.kind === 'number' && low.value <= high.value)
      return { kind: 'uniform', low: low.value, high: high.value }
    if (!values.some((value) => value.kind === 'error'))
      this.report(
        diagnose(
          'wrong-type',
          {
            name: 'what uniform draws from',
            expected: 'two numbers, the smaller one first',
            found: values.map(describe).join(' and ') || 'nothing',
          },
          span,
        ),
      )
    return errorValue
  }

  private conditional(expression: Extract<Expression, { kind: 'conditional' }>, context: Context, place: Place): Value {
    const condition = this.evaluate(expression.condition, context, inner(place))
    if (condition.kind === 'boolean') {
      const side = condition.value ? expression.whenTrue : expression.whenFalse
      return this.evaluate(side, context, placeOfSide(side, expression, place, context.scope))
    }
    if (condition.kind !== 'phase') {
      if (condition.kind !== 'error')
        this.report(
          diagnose(
            'wrong-type',
            { name: 'a condition', expected: '`training` or a comparison of constants', found: describe(condition) },
            expression.condition.span,
          ),
        )
      return errorValue
    }
    const training = this.bound(expression.whenTrue, context, place)
    const evaluation = this.bound(expression.whenFalse, context, place)
    if (training.value.kind === 'error' || evaluation.value.kind === 'error') return errorValue
    if (!tensorOf(training.value) && !tensorOf(evaluation.value))
      return { kind: 'by-phase', training: training.value, evaluation: evaluation.value }
    const list = [training, evaluation].map((bound) => ({ value: bound.value, span: bound.span }))
    return callOperation(this, operationNamed('by_phase'), {
      list: [],
      given: list,
      span: expression.span,
      piped: undefined,
      context,
      place,
      callee: 'by_phase',
    })
  }
}

function contains(outer: Span, { source, start, end }: Span): boolean {
  return outer.source === source && outer.start <= start && end <= outer.end
}

/** The value of a binding whose name has to be in quotes. */
function quotedName({ value }: Extract<Expression, { kind: 'string' }>, scope: Scope<Value>): Value | undefined {
  return isPlainName(value) ? undefined : scope.find(value)
}

/** A string, with its place where a tensor has the name that it holds. */
function quotable({ value, span }: Extract<Expression, { kind: 'string' }>, scope: Scope<Value>): Value {
  const named = scope.find(value)
  const meant = named && (tensorOf(named) || (named.kind === 'string' && named.quoted))
  return meant ? { kind: 'string', value, quoted: span } : { kind: 'string', value }
}
