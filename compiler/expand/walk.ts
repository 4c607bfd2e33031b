import type { Argument, Block, Branch, Expression, Model, RepeatExpression, Statement } from '../../grammar/tree.js'
import { functions } from '../analysis/functions/index.js'
import type { Module } from '../analysis/modules.js'
import { publishedBackbone } from '../backbones/published.js'
import { operations } from '../ops/index.js'
import type { ArgumentKind } from '../ops/operation.js'
import { trainSettings } from '../training/loop.js'
import { settings } from '../training/settings.js'
import { type Defaulted, defaulted, leftOut } from './defaults.js'
import type { Edits } from './edits.js'

/** The state that a walk shares with the blocks around it. */
export interface Surroundings {
  readonly module: Module
  readonly edits: Edits
  /** Records that a block is used, and returns its name in the result. */
  readonly use: (block: Block) => string
  /** The same for the block of a published backbone. */
  readonly useBackbone: (name: string) => { readonly block: Block; readonly name: string } | undefined
}

/** Writes omitted arguments into the calls of one block or model of a module. */
export class Walk {
  /** Strings that are the defaults of the model's parameters. */
  private readonly texts = new Map<string, string>()

  constructor(private readonly around: Surroundings) {}

  block(block: Block): void {
    const own = new Set<string>()
    for (const parameter of block.parameters) {
      if (parameter.default) this.expression(parameter.default, own)
      own.add(parameter.name.text)
    }
    this.statements(block.statements, own)
  }

  model(model: Model): void {
    for (const { name, default: standard } of model.parameters)
      if (standard?.kind === 'string') this.texts.set(name.text, standard.value)
    const own = new Set([...model.parameters, ...model.inputs].map(({ name }) => name.text))
    for (const { steps = [] } of model.inputs) for (const step of steps) this.setting(step)
    for (const item of model.items) {
      if (item.kind === 'branch') this.branch(item, own)
      else this.expression(item.value, own)
      own.add(item.name.text)
    }
    for (const { value } of [...model.losses, ...model.predictions]) this.expression(value, own)
    for (const { name, value } of model.training)
      if (Object.hasOwn(trainSettings, name.text) || value.kind === 'call') this.setting(value)
    for (const { steps } of model.augmentations) for (const step of steps) this.setting(step)
  }

  private branch({ parameters, statements, call }: Branch, outer: ReadonlySet<string>): void {
    if (call) this.expression(call, outer)
    else this.statements(statements, new Set([...outer, ...parameters.map(({ name }) => name.text)]))
  }

  private statements(statements: readonly Statement[], outer: ReadonlySet<string>): void {
    const own = new Set(outer)
    for (const statement of statements) {
      this.expression(statement.value, own)
      if (statement.kind === 'binding') own.add(statement.name.text)
    }
  }

  private expression(expression: Expression, own: ReadonlySet<string>): void {
    const each = (...parts: readonly Expression[]) => {
      for (const part of parts) this.expression(part, own)
    }
    switch (expression.kind) {
      case 'call':
        this.call(expression.callee, expression.arguments, expression, 0, own)
        break
      case 'pipeline':
        each(expression.start)
        for (const stage of expression.stages)
          if (stage.kind === 'call') this.call(stage.callee, stage.arguments, stage, 1, own)
          else this.call(stage, [], undefined, 1, own)
        break
      case 'list':
      case 'tuple':
        each(...expression.items)
        break
      case 'member':
        each(expression.object)
        break
      case 'index':
        each(expression.object, expression.index)
        break
      case 'negate':
        each(expression.operand)
        break
      case 'binary':
        each(expression.left, expression.right)
        break
      case 'conditional':
        each(expression.condition, expression.whenTrue, expression.whenFalse)
        break
      case 'repeat':
        this.repeat(expression, own)
    }
  }

  private repeat({ count, index, carried, named, statements }: RepeatExpression, own: ReadonlySet<string>): void {
    for (const part of [count, ...carried.map(({ start }) => start)]) this.expression(part, own)
    const inside = new Set([...own, ...carried.map(({ name }) => name.text), ...(index ? [index.text] : [])])
    for (const part of named?.parts ?? []) if (typeof part !== 'string') this.expression(part, inside)
    this.statements(statements, inside)
  }

  /** `call` is absent for a stage without brackets. */
  private call(
    callee: Expression,
    list: readonly Argument[],
    call: Expression | undefined,
    piped: number,
    own: ReadonlySet<string>,
  ): void {
    for (const { value } of list) this.expression(value, own)
    if (callee.kind !== 'name' || own.has(callee.text)) {
      if (callee.kind !== 'name') this.expression(callee, own)
      return
    }
    const target = this.around.module.scope.find(callee.text)
    if (target?.kind === 'operation')
      this.append(callee, list, call, leftOut(defaulted(target.operation.arguments), list, piped))
    if (target?.kind === 'backbone') this.backbone(callee, list, piped)
    if (target?.kind !== 'definition' || target.definition.kind !== 'block') return
    const name = this.around.use(target.definition)
    if (name !== callee.text) this.around.edits.replace(callee.span, name)
    this.append(callee, list, call, leftOut(parametersOf(target.definition), list, piped))
  }

  /** `backbone(image, "NAME", ...)` becomes a call of the block of that name. */
  private backbone(callee: Expression, list: readonly Argument[], piped: number): void {
    const { edits } = this.around
    const positional = list.filter(({ name }) => !name)
    const given = list.find(({ name }) => name?.text === 'name') ?? positional[1 - piped]
    const name = given && this.textOf(given.value)
    const found = name === undefined ? undefined : this.around.useBackbone(name)
    if (!given || name === undefined || !found) return
    edits.replace(callee.span, found.name)
    const others = list.filter((argument) => argument !== given)
    const more = leftOut(parametersOf(found.block), others, piped)
    const index = list.indexOf(given)
    const [before, after] = [list[index - 1], list[index + 1]]
    const { source, start, end } = given.span
    // The arguments that were left out stand in the place of the name.
    if (after) edits.replace({ source, start, end: after.span.start }, more.map((one) => `${one}, `).join(''))
    else
      edits.replace(
        { source, start: before ? before.span.end : start, end },
        `${before && more.length > 0 ? ', ' : ''}${more.join(', ')}`,
      )
    for (const { name: argument, value } of list) if (argument?.text === 'weights') this.ownWeights(name, value)
  }

  /** `weights = "published"` and `"auto"` become the weights that they mean for a backbone. */
  private ownWeights(name: string, weights: Expression): void {
    const { edits } = this.around
    const own = JSON.stringify(`timm/${publishedBackbone(name)?.name ?? name}`)
    const meanings = { published: own, auto: name.includes('.') ? own : '"none"' }
    if (weights.kind !== 'string') {
      const text = this.written(weights)
      const choices = Object.entries(meanings).map(([word, meaning]) => `${text} == "${word}" ? ${meaning} : `)
      edits.replace(weights.span, `${choices.join('')}${text}`)
    } else if (weights.value === 'published' || weights.value === 'auto')
      edits.replace(weights.span, meanings[weights.value])
  }

  private textOf(expression: Expression): string | undefined {
    if (expression.kind === 'name') return this.texts.get(expression.text)
    return expression.kind === 'string' ? expression.value : undefined
  }

  private written({ span }: Expression): string {
    return this.around.module.file.text.slice(span.start, span.end)
  }

  /** `sgd(rate = 1e-3)` or `cosine` in the train block and in lists of steps. */
  private setting(expression: Expression): void {
    const callee = expression.kind === 'call' ? expression.callee : expression
    const spec = callee.kind === 'name' ? settings.get(callee.text) : undefined
    if (!spec) return
    const list = expression.kind === 'call' ? expression.arguments : []
    const call = expression.kind === 'call' ? expression : undefined
    for (const { kind, name: known } of spec.arguments)
      for (const { name, value } of list) if (name?.text === known) this.ofBackbone(kind, value)
    this.append(callee, list, call, leftOut(defaulted(spec.arguments), list, spec.kind === 'group' ? -1 : 0))
  }

  /** Where the name of a published backbone means its colours or its word, these are written. */
  private ofBackbone(kind: ArgumentKind, value: Expression): void {
    const name = this.textOf(value)
    const backbone = name === undefined ? undefined : publishedBackbone(name)
    if (!backbone) return
    const { edits } = this.around
    if (kind.is === 'colours') edits.replace(value.span, `[${backbone.normalization[kind.ofBackbone].join(', ')}]`)
    if (kind.is === 'word' && kind.ofBackbone) edits.replace(value.span, backbone[kind.ofBackbone])
  }

  private append(callee: Expression, list: readonly Argument[], call: Expression | undefined, more: string[]): void {
    if (more.length === 0) return
    const { edits } = this.around
    if (!call) edits.insert(callee.span.source, callee.span.end, `(${more.join(', ')})`)
    else {
      // Behind the last argument and not before the bracket: a comma may stand between them.
      const last = list.at(-1)
      if (last) edits.insert(last.span.source, last.span.end, `, ${more.join(', ')}`)
      else edits.insert(callee.span.source, call.span.end - 1, more.join(', '))
    }
  }
}

/** A block's parameters; a default that depends on others stays in the block alone. */
function parametersOf({ parameters }: Block): Defaulted[] {
  return parameters.map(({ name, default: standard }) => ({
    name: name.text,
    standard: standard && literal(standard),
  }))
}

function literal(expression: Expression): string | undefined {
  switch (expression.kind) {
    case 'number':
      return expression.unit === 'percent'
        ? `${Number((expression.value * 100).toPrecision(12))}%`
        : `${expression.value}${expression.unit ? ` ${expression.unit}` : ''}`
    case 'string':
      return JSON.stringify(expression.value)
    case 'boolean':
      return String(expression.value)
    case 'list': {
      const items = expression.items.map(literal)
      return items.every((item) => item !== undefined) ? `[${items.join(', ')}]` : undefined
    }
    default:
      return undefined
  }
}

/** Names that a block of the result may not have: they would hide an operation or a function. */
export const taken = (name: string): boolean => operations.has(name) || functions.has(name) || name === 'backbone'
