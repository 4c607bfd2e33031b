import { isPlainName } from '../../grammar/names.js'
import type {
  Argument,
  Binding,
  Block,
  Branch,
  Expression,
  Model,
  Name,
  Parameter,
  RepeatExpression,
  SourceFile,
  Span,
  Statement,
} from '../../grammar/tree.js'
import { architectureOf, publishedFolder } from '../backbones/published.js'
import { operations } from '../ops/index.js'
import type { ArgumentSpec } from '../ops/operation.js'
import { axisWords } from '../ops/support/axes.js'
import { trainArguments, trainSettings } from '../training/loop.js'
import { settings } from '../training/settings.js'
import { functions } from './functions/index.js'
import {
  bodyMembers,
  type Definition,
  type Members,
  type NameScope,
  nothing,
  pipelineMembers,
  type ResolvedName,
  repeatMembers,
} from './resolved_name.js'
import { nameOf } from './tuple.js'

/** A place in the text where a definition is named. */
export interface Occurrence {
  readonly span: Span
  readonly definition: Definition
  /** Whether it is defined here. */
  readonly defines: boolean
}

export interface FileNames {
  readonly occurrences: readonly Occurrence[]
  readonly scopes: readonly NameScope[]
  /** The file's own blocks. */
  readonly blocks: Members
}

/** The target of an import. */
export type Importing = (specifier: string, importer: string) => SourceFile | undefined

const none = () => nothing

/** The function that finds a block by its published name. */
const backbone: ResolvedName = { definition: { kind: 'operation', name: 'backbone' }, members: none }

const builtIn: Members = new Map<string, ResolvedName>([
  ...[...operations.values()].map((operation): [string, ResolvedName] => {
    const outputs = (operation.outputs ?? []).map((name): [string, ResolvedName] => [
      name,
      { definition: { kind: 'word', name }, members: none },
    ])
    return [
      operation.name,
      { definition: { kind: 'operation', name: operation.name, operation }, members: () => new Map(outputs) },
    ]
  }),
  ...[...functions].map(([name, compileTime]): [string, ResolvedName] => [
    name,
    { definition: { kind: 'function', name, function: compileTime }, members: none },
  ]),
  ['backbone', backbone],
  ['uniform', { definition: { kind: 'operation', name: 'uniform' }, members: none }],
  ['training', { definition: { kind: 'training', name: 'training' }, members: none }],
])

/**
 * Resolves every name of a file from the text alone, including unused blocks, branches that a setting excludes, and files with errors. It follows the
 * rules of the analysis, but needs neither sizes nor values.
 */
export class NameResolver {
  /** By source: a file that is imported again may have been parsed again. */
  private readonly files = new Map<string, FileNames>()

  constructor(private readonly importing: Importing) {}

  read(file: SourceFile): FileNames {
    const known = this.files.get(file.source)
    if (known) return known
    // A file that imports this one in a circle sees it as empty.
    this.files.set(file.source, { occurrences: [], scopes: [], blocks: nothing })
    const names = new FileResolver(file, (specifier) => {
      const imported = this.importing(specifier, file.source)
      return imported && this.read(imported).blocks
    }).read()
    this.files.set(file.source, names)
    return names
  }
}

interface Body {
  readonly scope: NameScope
  /** Its result. */
  result: ResolvedName | undefined
}

class FileResolver {
  private readonly occurrences: Occurrence[] = []
  private readonly scopes: NameScope[] = []
  private readonly bodies = new Map<Block, Body>()

  constructor(
    private readonly file: SourceFile,
    private readonly blocksOf: (specifier: string) => Members | undefined,
  ) {
    this.file = file
  }

  read(): FileNames {
    const { file } = this
    const top = this.scope(0, file.text.length, undefined)
    for (const { names, from } of file.imports) {
      const blocks = this.blocksOf(from)
      for (const name of names) {
        const entity = blocks?.get(name.text)
        if (!entity) continue
        this.refer(name.span, entity.definition)
        this.put(top, name.text, entity, 0)
      }
    }
    const blocks = new Map<string, ResolvedName>()
    for (const block of file.blocks) {
      const definition: Definition = { kind: 'block', name: block.name.text, span: block.name.span, block }
      const entity = this.callable(definition, () => this.body(block, top))
      this.define(top, block.name, entity, 0)
      blocks.set(block.name.text, entity)
    }
    for (const block of file.blocks) this.body(block, top)
    for (const model of file.models) this.model(model, top)
    return { occurrences: this.occurrences, scopes: this.scopes, blocks }
  }

  private model(model: Model, top: NameScope): void {
    this.occur(model.name.span, { kind: 'model', name: model.name.text, span: model.name.span }, true)
    const scope = this.scope(model.span.start, model.span.end, top)
    this.parameters(model.parameters, scope)
    for (const input of model.inputs) {
      for (const dimension of input.dimensions) this.expression(dimension, scope)
      const definition: Definition = { kind: 'input', name: input.name.text, span: input.name.span }
      this.define(scope, input.name, { definition, members: none }, input.name.span.end)
      for (const step of input.steps ?? []) this.setting(step, scope)
    }
    for (const item of model.items)
      if (item.kind === 'binding') this.binding(item, scope)
      else this.branch(item, scope)
    for (const binding of [...model.losses, ...model.predictions]) {
      this.expression(binding.value, scope)
      this.occur(binding.name.span, this.ofBinding(binding), true)
    }
    for (const binding of model.training) this.trainingLine(binding, scope)
    for (const { input, steps } of model.augmentations) {
      const image = this.find(input.text, scope, input.span.start)
      if (image) this.refer(input.span, image.definition)
      for (const step of steps) this.setting(step, scope)
    }
  }

  private branch(branch: Branch, scope: NameScope): void {
    const definition: Definition = { kind: 'branch', name: branch.name.text, span: branch.name.span, branch }
    if (branch.call) {
      const called = this.expression(branch.call, scope)
      this.define(scope, branch.name, { definition, members: () => called?.members() ?? nothing }, branch.span.end)
      return
    }
    const inner = this.scope(branch.span.start, branch.span.end, scope)
    for (const { name } of branch.parameters) {
      // A branch runs on what its parameters name: each is that thing, under the same name.
      const outer = this.find(name.text, scope, name.span.start)
      if (!outer) continue
      this.refer(name.span, outer.definition)
      this.put(inner, name.text, outer, name.span.end)
    }
    const body: Body = { scope: inner, result: this.statements(branch.statements, inner) }
    this.define(
      scope,
      branch.name,
      this.callable(definition, () => body),
      branch.span.end,
    )
  }

  private trainingLine(binding: Binding, scope: NameScope): void {
    const { name, value } = binding
    const argument = trainArguments.find((spec) => spec.name === name.text)
    const isSetting = Object.hasOwn(trainSettings, name.text)
    const isGroup = !argument && !isSetting && value.kind === 'call'
    const definition: Definition = argument
      ? { kind: 'argument', name: name.text, argument }
      : { kind: isSetting ? 'argument' : 'word', name: name.text }
    this.occur(name.span, isGroup ? this.ofBinding(binding) : definition, isGroup)
    if (argument) this.value(value, argument, scope)
    else this.setting(value, scope)
  }

  /** `sgd(rate = 0.1)`: its word is no name of the model's, its arguments may hold some. */
  private setting(expression: Expression, scope: NameScope): void {
    const callee = expression.kind === 'call' ? expression.callee : expression
    const setting = callee.kind === 'name' ? settings.get(callee.text) : undefined
    if (!setting) return
    this.refer(callee.span, { kind: 'setting', name: setting.name, setting })
    if (expression.kind === 'call')
      this.arguments(expression.arguments, argumentsOf({ kind: 'setting', name: setting.name, setting }), scope)
  }

  private statements(statements: readonly Statement[], scope: NameScope): ResolvedName | undefined {
    let result: ResolvedName | undefined
    for (const statement of statements)
      if (statement.kind === 'binding') this.binding(statement, scope)
      else result = this.expression(statement.value, scope)
    return result
  }

  private binding(binding: Binding, scope: NameScope): void {
    const value = this.expression(binding.value, scope)
    const entity: ResolvedName = { definition: this.ofBinding(binding), members: () => value?.members() ?? nothing }
    this.define(scope, binding.name, entity, binding.span.end)
  }

  private ofBinding(binding: Binding): Definition {
    return { kind: 'binding', name: binding.name.text, span: binding.name.span, binding }
  }

  private parameters(parameters: readonly Parameter[], scope: NameScope): void {
    for (const parameter of parameters) {
      if (parameter.default) this.expression(parameter.default, scope)
      this.define(scope, parameter.name, { definition: ofParameter(parameter), members: none }, parameter.name.span.end)
    }
  }

  /** Notes the names of an expression, and tells what a dot after it would reach. */
  private expression(expression: Expression, scope: NameScope): ResolvedName | undefined {
    switch (expression.kind) {
      case 'name': {
        const found = this.find(expression.text, scope, expression.span.start)
        if (found) this.refer(expression.span, found.definition)
        return found
      }
      case 'string': {
        const found = isPlainName(expression.value)
          ? undefined
          : this.find(expression.value, scope, expression.span.start)
        if (found) this.refer(expression.span, found.definition)
        return found
      }
      case 'member': {
        const object = this.expression(expression.object, scope)
        const found = object?.members().get(expression.member.text)
        if (found) this.refer(expression.member.span, found.definition)
        return found
      }
      case 'index': {
        const object = this.expression(expression.object, scope)
        this.expression(expression.index, scope)
        // Which round or stage it is depends on values. Where they differ, an editor shows those of the first.
        return object?.members().get('0')
      }
      case 'call': {
        const callee = this.expression(expression.callee, scope)
        this.arguments(expression.arguments, argumentsOf(callee?.definition), scope)
        return callee === backbone ? this.backboneCalled(expression.arguments, scope) : callee
      }
      case 'pipeline': {
        const start = this.expression(expression.start, scope)
        const stages = expression.stages.map((stage) => this.expression(stage, scope))
        const numbered = expression.start.kind === 'call' ? [start, ...stages] : stages
        return pipelineMembers(stages.at(-1), numbered)
      }
      case 'tuple':
        return this.tuple(expression.items, scope)
      case 'list':
        for (const item of expression.items) this.expression(item, scope)
        return undefined
      case 'negate':
        this.expression(expression.operand, scope)
        return undefined
      case 'binary':
        this.expression(expression.left, scope)
        this.expression(expression.right, scope)
        return undefined
      case 'conditional': {
        this.expression(expression.condition, scope)
        const [first, second] = [expression.whenTrue, expression.whenFalse].map((part) => this.expression(part, scope))
        return first ?? second
      }
      case 'repeat':
        return this.repeat(expression, scope)
      default:
        return undefined
    }
  }

  private tuple(items: readonly Expression[], scope: NameScope): ResolvedName {
    const found = items.map((item) => this.expression(item, scope))
    const named = items.flatMap((item, index): [string, ResolvedName][] => {
      const [entity, name] = [found[index], nameOf(item)]
      return entity && name !== undefined ? [[name, entity]] : []
    })
    const inside = () => found.map((entity) => (entity ? [...entity.members().entries()] : [])).reverse()
    return { definition: { kind: 'word', name: 'values' }, members: () => new Map([...inside().flat(), ...named]) }
  }

  private repeat(expression: RepeatExpression, scope: NameScope): ResolvedName {
    this.expression(expression.count, scope)
    const starts = expression.carried.map(({ start }) => this.expression(start, scope))
    const round = this.scope(expression.span.start, expression.span.end, scope)
    const { index, carried, named } = expression
    const roundName = (name: Name): Definition => ({ kind: 'round', name: name.text, span: name.span })
    const from = named?.span.start ?? expression.statements[0]?.span.start ?? expression.span.end
    if (index) this.define(round, index, { definition: roundName(index), members: none }, from)
    const values = carried.map(({ name }, place): [string, ResolvedName] => {
      const entity = { definition: roundName(name), members: () => starts[place]?.members() ?? nothing }
      this.define(round, name, entity, from)
      return [name.text, entity]
    })
    for (const part of named?.parts ?? []) if (typeof part !== 'string') this.expression(part, round)
    const result = this.statements(expression.statements, round)
    const several = values.length > 1 ? values : []
    const each: ResolvedName = {
      definition: { kind: 'word', name: 'round' },
      members: () => new Map([...bodyMembers(result, round).entries(), ...several]),
    }
    return { definition: each.definition, members: () => repeatMembers(expression, each, new Map(several)) }
  }

  private arguments(list: readonly Argument[], known: readonly Definition[], scope: NameScope): void {
    list.forEach(({ name, value }, index) => {
      const found = name ? known.find((argument) => argument.name === name.text) : known[index]
      if (name && found) this.refer(name.span, found)
      this.value(value, found?.argument, scope)
    })
  }

  /** The block that a call of `backbone` means: by the name in quotes, or by the default of the parameter that holds it. */
  private backboneCalled(list: readonly Argument[], scope: NameScope): ResolvedName {
    const texts = list.flatMap(({ name, value }) => {
      if (name !== undefined && name.text !== 'name') return []
      const parameter =
        value.kind === 'name' ? this.find(value.text, scope, value.span.start)?.definition.parameter : undefined
      const written = parameter?.default ?? value
      return written.kind === 'string' ? [written.value] : []
    })
    const [name] = texts
    const block = name === undefined ? undefined : this.blocksOf(`${publishedFolder}${name}`)?.get(architectureOf(name))
    return block ?? backbone
  }

  /** An argument's value: a bare word where it takes one. */
  private value(value: Expression, spec: ArgumentSpec | undefined, scope: NameScope): void {
    if (value.kind === 'name' && spec && wordsOf(spec).includes(value.text))
      this.refer(value.span, { kind: 'word', name: value.text })
    else this.expression(value, scope)
  }

  /** Reads a block's body, when that has not been done. */
  private body(block: Block, top: NameScope): Body {
    const known = this.bodies.get(block)
    if (known) return known
    const body: Body = { scope: this.scope(block.span.start, block.span.end, top), result: undefined }
    this.bodies.set(block, body)
    this.parameters(block.parameters, body.scope)
    body.result = this.statements(block.statements, body.scope)
    return body
  }

  private callable(definition: Definition, bodyOf: () => Body): ResolvedName {
    let open = false
    const members = (): Members => {
      // A block that calls itself has an end here all the same.
      if (open) return nothing
      open = true
      const { result, scope } = bodyOf()
      const found = bodyMembers(result, scope)
      open = false
      return found
    }
    return { definition, members }
  }

  private find(name: string, scope: NameScope | undefined, at: number): ResolvedName | undefined {
    for (let inner = scope; inner; inner = inner.parent) {
      const found = inner.names.get(name)
      if (found && found.from <= at) return found.entity
    }
    return builtIn.get(name)
  }

  private scope(start: number, end: number, parent: NameScope | undefined): NameScope {
    const scope: NameScope = { start, end, parent, names: new Map() }
    this.scopes.push(scope)
    return scope
  }

  private define(scope: NameScope, name: Name, entity: ResolvedName, from: number): void {
    this.occur(name.span, entity.definition, true)
    this.put(scope, name.text, entity, from)
  }

  private put(scope: NameScope, name: string, entity: ResolvedName, from: number): void {
    // A second definition is a mistake, and the first one counts.
    if (!scope.names.has(name)) scope.names.set(name, { entity, from })
  }

  private refer(span: Span, definition: Definition): void {
    this.occur(span, definition, false)
  }

  private occur(span: Span, definition: Definition, defines: boolean): void {
    this.occurrences.push({ span, definition, defines })
  }
}

/** The parameters of a call, in order. */
export function argumentsOf(definition: Definition | undefined): readonly Definition[] {
  if (definition?.operation) return definition.operation.arguments.map(ofArgument)
  if (definition?.function)
    return definition.function.parameters.map(({ name, argument }) =>
      argument ? ofArgument(argument) : { kind: 'word', name },
    )
  if (definition?.setting) {
    const own = definition.setting.arguments.map(ofArgument)
    return definition.setting.kind === 'group' ? [{ kind: 'word', name: 'part' }, ...own] : own
  }
  const parameters = (definition?.block ?? definition?.branch)?.parameters.map(ofParameter) ?? []
  return definition?.block ? [...parameters, ...everyBlock] : parameters
}

/** Arguments that every call of a block accepts. */
const everyBlock: readonly Definition[] = ['weights', 'partial'].map((name) => ({ kind: 'word', name }))

function ofArgument(argument: ArgumentSpec): Definition {
  return { kind: 'argument', name: argument.name, argument }
}

function ofParameter(parameter: Parameter): Definition {
  return { kind: 'parameter', name: parameter.name.text, span: parameter.name.span, parameter }
}

/** The words that an argument takes without quotes. */
function wordsOf({ kind }: ArgumentSpec): readonly string[] {
  switch (kind.is) {
    case 'word':
      return kind.words
    case 'axes':
      return axisWords
    case 'colours':
      return Object.keys(kind.named)
    default:
      return []
  }
}
