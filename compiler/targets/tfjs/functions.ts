import { elementAt, present } from '../../../grammar/present.js'
import {
  type Attribute,
  type Frame,
  type Node,
  sameValue,
  trainingInputs,
  typeOf,
  type ValueRef,
} from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { ArgumentSpec } from '../../ops/operation.js'
import { Names } from '../identifiers.js'
import { type CallPlan, Plans } from '../plans.js'
import { secondFrame } from '../second_frames.js'
import { type Item, relative, type Structure } from '../structure.js'
import { attributeCode, attributeType } from './attributes.js'
import { NodeCall, type Rendered } from './call.js'
import {
  array,
  callOf,
  callsTensorflow,
  type Expression,
  type Field,
  occurrences,
  runtimeFunctionsIn,
  type Statement,
  source,
  typeOfRank,
  variable,
  withActivation,
  withResultType,
} from './expression.js'
import { identifier } from './file_identifiers.js'
import type { Layouts } from './layout.js'
import { literal } from './literals.js'
import type { StorageLayout } from './lowering.js'
import { layoutChange } from './storage.js'

/** A function of the generated file: all calls of one block that are built alike. */
export interface FunctionPlan extends CallPlan {
  readonly name: string
  readonly options: readonly OptionPlan[]
}

/** An argument in which the calls differ. */
export interface OptionPlan {
  readonly name: string
  readonly spec: ArgumentSpec
  readonly values: ReadonlyMap<number, Attribute>
}

export interface FunctionParameter {
  readonly name: string
  readonly type: string
  /** Types of wsban/runtime that `type` names. */
  readonly imports?: readonly string[]
  readonly initializer?: string
}

export interface FunctionText {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly FunctionParameter[]
  readonly returnType: string | undefined
  /** Whether tensors made on the way are disposed of when it returns, except for those that the gradient needs. */
  readonly tidies: boolean
  readonly statements: readonly Statement[]
}

/** Plans and writes the functions for blocks and branches; the model's own frame is written by the caller through `body`. */
export class FunctionWriter {
  readonly texts: FunctionText[] = []
  readonly runtime = new Set<string>()
  private readonly calls: Plans
  private readonly plans = new Map<string, FunctionPlan>()
  private readonly functionNames = new Names(identifier)
  private readonly fused = new Set<number>()
  private reserved: readonly string[] = []

  /** @param taken names of functions of the file that are written elsewhere */
  constructor(
    private readonly structure: Structure,
    private readonly layouts: Layouts,
    taken: readonly string[] = [],
  ) {
    for (const name of taken) this.functionNames.give([name])
    const locals = new Set(structure.graph.nodes.flatMap(({ local }) => (local ? [identifier(local)] : [])))
    for (const { local } of structure.graph.frames) if (local) locals.add(identifier(local))
    this.calls = new Plans(structure, identifier)
    for (const plan of this.calls.all()) this.plans.set(plan.key, this.plan(plan, locals))
    // Which functions of the runtime are called is known only once all is written; then no variable may have the name of one.
    for (const plan of this.plans.values()) this.write(plan)
    this.body(structure.frame(0), undefined)
    this.reserved = [...this.runtime, ...[...this.plans.values()].map(({ name }) => name), ...taken]
    this.runtime.clear()
    for (const plan of this.plans.values()) if (this.callsOf(plan) > 0) this.texts.push(this.write(plan))
  }

  /** How many calls of the function remain: not those that are an option of another call. */
  private callsOf({ frames }: FunctionPlan): number {
    return frames.filter(({ id }) => !this.fused.has(id)).length
  }

  private planOf(frame: Frame): FunctionPlan {
    return present(this.plans.get(this.structure.key(frame)), 'the function of a call')
  }

  private plan(plan: CallPlan, locals: ReadonlySet<string>): FunctionPlan {
    const { definition, kind } = plan.frame
    const clash = locals.has(identifier([definition])) || kind === 'branch'
    const name = this.functionNames.give(clash ? [definition, kind] : [definition])
    return { ...plan, name, options: this.optionsOf(plan.frames) }
  }

  /** Arguments that differ between the frames: the nodes' own, and those passed on to inner calls. */
  private optionsOf(frames: readonly Frame[]): OptionPlan[] {
    const options: OptionPlan[] = []
    const add = (
      name: string,
      owner: readonly string[],
      spec: ArgumentSpec,
      values: ReadonlyMap<number, Attribute>,
    ) => {
      if (new Set([...values.values()].map((value) => JSON.stringify(value))).size <= 1) return
      const same = options.find(
        (option) =>
          option.spec.name === spec.name &&
          [...values].every(([id, value]) => JSON.stringify(option.values.get(id)) === JSON.stringify(value)),
      )
      if (same) return
      const taken = (wanted: string) => options.some((option) => option.name === wanted)
      const owned = identifier([...owner, name])
      let free = taken(name) ? owned : name
      for (let number = 2; taken(free); number++) free = `${owned}_${number}`
      options.push({ name: free, spec, values })
    }
    this.structure.items(elementAt(frames, 0)).forEach((item, index) => {
      if ('node' in item) {
        for (const spec of operationNamed(item.node.operation).arguments) {
          if (!spec.varies || !(spec.name in item.node.attributes)) continue
          const values = frames.map((frame) => {
            const { attributes } = this.structure.nodeAt(index, frame)
            return [frame.id, present(attributes[spec.name], spec.name)] as const
          })
          add(spec.name, item.node.local ?? [item.node.operation], spec, new Map(values))
        }
        return
      }
      for (const option of this.planOf(item.frame).options) {
        const values = frames.map((frame) => {
          const call = this.structure.callAt(index, frame)
          return [frame.id, present(option.values.get(call.id), option.name)] as const
        })
        add(option.name, item.frame.local ?? [item.frame.definition], option.spec, new Map(values))
      }
    })
    return options
  }

  private write(plan: FunctionPlan): FunctionText {
    const { frame } = plan
    const inputs = this.structure.inputs(frame)
    const body = this.body(frame, plan)
    const returned = plan.outputs.map(
      ({ place, name }): Field => ({ name, value: body.code(this.structure.at(place, frame)) }),
    )
    const statements = body.statements(() => true)
    const value: Expression = plan.single ? elementAt(returned, 0).value : { kind: 'object', fields: returned }
    const tensors = inputs.map((input) => ({ name: body.inputName(input), type: tensorType(this.structure, input) }))
    const options = plan.options.length > 0 ? [optionParameter(plan.options)] : []
    const output = plan.outputs[0] && this.structure.at(plan.outputs[0].place, frame)
    return {
      name: plan.name,
      doc: docOf(plan, this.callsOf(plan)),
      parameters: [{ name: 'at', type: 'Scope' }, ...tensors, ...options],
      returnType: plan.single && output ? tensorType(this.structure, output) : this.recordType(plan, frame),
      tidies: statements.length > 0,
      statements: [...statements, { kind: 'return', value }],
    }
  }

  /** `{ attention: tf.Tensor4D; logits: tf.Tensor2D }` */
  private recordType(plan: FunctionPlan, frame: Frame): string {
    const fields = plan.outputs.map(
      ({ place, name }) => `${name}: ${tensorType(this.structure, this.structure.at(place, frame))}`,
    )
    return `{ ${fields.join('; ')} }`
  }

  /** The statements of one frame, and the code of every value in it. */
  body(frame: Frame, plan: FunctionPlan | undefined): Body {
    return new Body(frame, plan, {
      structure: this.structure,
      layouts: this.layouts,
      calls: this.calls,
      runtime: this.runtime,
      reserved: this.reserved,
      fused: this.fused,
      planOf: (inner) => this.planOf(inner),
    })
  }
}

/** The context that the file provides to the body of a function. */
interface Surroundings {
  readonly structure: Structure
  readonly layouts: Layouts
  /** Functions of the runtime that are called. */
  readonly runtime: Set<string>
  /** Names that mean a function. */
  readonly reserved: readonly string[]
  readonly calls: Plans
  /** Calls of blocks whose activation is an option of the call that computes its operand. */
  readonly fused: Set<number>
  readonly planOf: (frame: Frame) => FunctionPlan
}

/** One function's inside: each binding a line, what has no name written into the line that uses it. */
class Body {
  private readonly codes = new Map<string, Expression>()
  /** Values whose code is written where it is used, with the name that they would get. */
  private readonly inlined = new Map<string, { readonly path: readonly string[]; readonly item: Item }>()
  private readonly bindings: { readonly item: Item; readonly statement: Statement }[] = []
  /** Values in the other order than the one in which they are stored, where they have a name. */
  private readonly transposed = new Map<string, Expression>()
  private readonly names: Names

  constructor(
    private readonly frame: Frame,
    private readonly plan: FunctionPlan | undefined,
    private readonly around: Surroundings,
  ) {
    const { structure } = around
    this.names = new Names(identifier, [...around.reserved, ...(plan?.options.map(({ name }) => name) ?? [])])
    const { graph } = structure
    const inputs =
      frame.parent === undefined ? trainingInputs(graph).map(({ value }) => value) : structure.inputs(frame)
    for (const value of inputs) this.set(value, variable(this.names.give([around.calls.inputName(value, frame)])))
    for (const item of structure.items(frame)) this.write(item)
  }

  code(value: ValueRef): Expression {
    return present(this.codes.get(keyOf(value)), 'the code of a value')
  }

  /** The code of a value, stored in an order; a transpose that several operations need gets a line and a name. */
  codeIn(value: ValueRef, layout: StorageLayout): Expression {
    const code = this.code(value)
    const stored = this.around.layouts.of(value)
    if (stored === undefined || stored === layout) return code
    const transposed = this.transposed.get(keyOf(value))
    if (transposed) return transposed
    const change = callOf('tf', 'transpose', code, source(`[${layoutChange(layout).join(', ')}]`))
    if (code.kind !== 'variable' || this.readersIn(layout, value) < 2) return change
    const name = this.names.give([code.property ?? code.name, ...layout.split(' ')])
    const type = tensorType(this.around.structure, value)
    this.bindings.push({
      item: { node: this.around.structure.node(value.node) },
      statement: { kind: 'const', name, type, value: change, comment: '' },
    })
    this.transposed.set(keyOf(value), variable(name))
    return variable(name)
  }

  /** The number of operations of this function that read the value in the order. */
  private readersIn(layout: StorageLayout, value: ValueRef): number {
    const nodes = this.around.structure.items(this.frame).flatMap((item) => ('node' in item ? [item.node] : []))
    return nodes.filter(
      (node) =>
        this.around.layouts.readBy(node) === layout && node.inputs.some((input) => sameValue(input.value, value)),
    ).length
  }

  /** The name of a value that the function takes as a parameter. */
  inputName(value: ValueRef): string {
    const code = this.code(value)
    if (code.kind !== 'variable') throw new Error('an input of a function is no variable')
    return code.name
  }

  statements(fits: (item: Item) => boolean): readonly Statement[] {
    return this.bindings.filter(({ item }) => fits(item)).map(({ statement }) => statement)
  }

  private set(value: ValueRef, code: Expression): void {
    this.codes.set(keyOf(value), code)
  }

  private inline(value: ValueRef, code: Expression, path: readonly string[], item: Item): void {
    this.set(value, code)
    this.inlined.set(keyOf(value), { path, item })
  }

  /** Gives a line and a name to a value that would be computed more than once: an operand that the expression reads twice. */
  private nameRepeated(expression: Expression, value: ValueRef): boolean {
    const [inlined, code] = [this.inlined.get(keyOf(value)), this.code(value)]
    if (!inlined || occurrences(expression, code) < 2) return false
    const name = this.names.give(inlined.path)
    const isGeneric = code.kind === 'call' && code.resultType !== undefined
    const type = isGeneric || callsTensorflow(code) ? tensorType(this.around.structure, value) : undefined
    this.bindings.push({
      item: inlined.item,
      statement: { kind: 'const', name, type, value: code, comment: this.comment(value) },
    })
    this.inlined.delete(keyOf(value))
    this.set(value, variable(name))
    return true
  }

  private write(item: Item): void {
    if ('node' in item) this.writeNode(item)
    else if (item.frame.kind === 'second') this.writeSecond(item.frame)
    else this.writeCall(item)
  }

  /** A second prediction is no statement: the code of its value is the function that the selection calls. */
  private writeSecond(frame: Frame): void {
    const { name } = this.around.planOf(frame)
    this.set(present(frame.result, 'a second prediction'), source(`(...inputs) => ${name}(at, ...inputs)`))
  }

  /** The code of a node, which calls the function for its second prediction where there is one. */
  private nodeCode(node: Node): Expression {
    const { lowering } = operationNamed(node.operation)
    const { structure } = this.around
    if (lowering.isActivation) {
      const fused = withActivation(this.operandCode(elementAt(node.inputs, 0).value, node), node.operation)
      if (fused) return fused
    }
    const call = new NodeCall(node, this.rendered(node))
    for (const { value } of node.inputs) {
      const second = secondFrame(structure.graph, value)
      if (!second || !lowering.skipping) continue
      const inputs = structure.inputs(second).map((input) => this.code(input))
      return lowering.skipping.tfjs(call, array(inputs), this.code(value))
    }
    const code = lowering.tfjs(call)
    return lowering.takesActivation && code.kind === 'call' ? { ...code, takesActivation: true } : code
  }

  /** The node of a block that is nothing but an activation. */
  private activationOf(call: Frame): Node | undefined {
    const [item, ...others] = this.around.structure.items(call)
    if (item === undefined || !('node' in item) || others.length > 0) return undefined
    return operationNamed(item.node.operation).lowering.isActivation ? item.node : undefined
  }

  /** Whether an activation is all that reads the value. */
  private readByActivation(value: ValueRef): boolean {
    if (this.uses(value) !== 1) return false
    return this.around.structure.items(this.frame).some((item) => {
      const activation = 'frame' in item ? this.activationOf(item.frame) : item.node
      if (!activation || !operationNamed(activation.operation).lowering.isActivation) return false
      return activation.inputs.some((input) => sameValue(input.value, value))
    })
  }

  private writeNode(item: { readonly node: Node }): void {
    const { node } = item
    const operation = operationNamed(node.operation)
    const write = () => this.nodeCode(node)
    const first = write()
    let named = false
    for (const input of node.inputs) named = this.nameRepeated(first, input.value) || named
    const expression = named ? write() : first
    for (const name of runtimeFunctionsIn(expression)) this.around.runtime.add(name)
    const { outputs } = operation
    const value = { node: node.id, output: 0 }
    const type = tensorType(this.around.structure, value)
    const path = node.local ?? node.path.slice(this.frame.path.length)
    const typed = withResultType(expression, typeOf(this.around.structure.graph, value).shape.length)
    const { inline, takesActivation } = operation.lowering
    const fuses = takesActivation && this.readByActivation(value)
    if (!outputs && (inline || fuses || (!node.local && this.uses(value) === 1))) {
      // A call with weights has its binding's own name, which belongs to the binding's value.
      const own = Object.keys(node.parameters).length > 0 ? [...path, operation.name] : path
      this.inline(value, typed, own, item)
      return
    }
    const name = this.names.give(path)
    // A record of several outputs has a type of its own.
    const annotation = !outputs && (typed !== expression || callsTensorflow(expression)) ? type : undefined
    const comment = this.comment(value)
    this.bindings.push({ item, statement: { kind: 'const', name, type: annotation, value: expression, comment } })
    if (outputs)
      for (const [index, output] of outputs.entries())
        this.set({ node: node.id, output: index }, { kind: 'variable', name, property: output })
    else this.set(value, variable(name))
  }

  private writeCall(item: { readonly frame: Frame }): void {
    const call = item.frame
    const plan = this.around.planOf(call)
    const expression = this.fusedCall(call) ?? this.callCode(plan, call)
    const values = plan.outputs.map(({ place, name }) => ({ value: this.around.structure.at(place, call), name }))
    const [first] = values
    const path = call.local ?? call.path.slice(this.frame.path.length)
    if (plan.single && first && !call.local && this.uses(first.value) === 1) {
      this.inline(first.value, expression, path, item)
      return
    }
    const bound = this.names.give(path)
    const comment = plan.single && first ? this.comment(first.value) : ''
    this.bindings.push({ item, statement: { kind: 'const', name: bound, type: undefined, value: expression, comment } })
    for (const { value, name } of values)
      this.set(value, { kind: 'variable', name: bound, ...(!plan.single && { property: name }) })
  }

  private callCode(plan: FunctionPlan, call: Frame): Expression {
    const inputs = this.around.structure.inputs(call).map((value) => this.code(value))
    const scope = scopeCode(relative(call.parameterPath, this.frame.parameterPath))
    return callOf('file', plan.name, scope, ...inputs, this.optionsCode(plan, call))
  }

  /** The code of a block that is an activation, where the call that computes its operand applies it. */
  private fusedCall(call: Frame): Expression | undefined {
    const activation = this.activationOf(call)
    if (!activation) return undefined
    const operand = this.operandCode(elementAt(activation.inputs, 0).value, activation)
    const fused = withActivation(operand, activation.operation)
    if (fused) for (const { id } of this.callsLike(call)) this.around.fused.add(id)
    return fused
  }

  /** The call at the same place in each frame that this function serves. */
  private callsLike(call: Frame): readonly Frame[] {
    const { structure } = this.around
    const index = structure.items(this.frame).findIndex((item) => 'frame' in item && item.frame.id === call.id)
    return (this.plan?.frames ?? [this.frame]).map((frame) => structure.callAt(index, frame))
  }

  private optionsCode(plan: FunctionPlan, call: Frame): Expression | undefined {
    const fields = plan.options.flatMap((option): Field[] => {
      const value = present(option.values.get(call.id), option.name)
      const own = this.ownOption(option.spec, (frame) => this.matching(call, frame, option))
      if (!own && JSON.stringify(value) === JSON.stringify(option.spec.default)) return []
      return [{ name: option.name, value: own ? variable(own) : source(attributeCode(value)) }]
    })
    return fields.length > 0 ? { kind: 'object', fields } : undefined
  }

  /** The value that an inner call's option has in another frame of this function. */
  private matching(call: Frame, frame: Frame, option: OptionPlan): Attribute | undefined {
    const index = this.around.structure
      .items(this.frame)
      .findIndex((item) => 'frame' in item && item.frame.id === call.id)
    return option.values.get(this.around.structure.callAt(index, frame).id)
  }

  /** This function's own argument that carries such values, if one does. */
  private ownOption(spec: ArgumentSpec, valueIn: (frame: Frame) => Attribute | undefined): string | undefined {
    const frames = this.plan?.frames ?? []
    const texts = frames.map((frame) => JSON.stringify(valueIn(frame)))
    if (new Set(texts).size <= 1) return undefined
    return this.plan?.options.find(
      (option) =>
        option.spec.name === spec.name &&
        frames.every((frame, index) => JSON.stringify(option.values.get(frame.id)) === texts[index]),
    )?.name
  }

  private rendered(node: Node): Rendered {
    const index = this.around.structure
      .items(this.frame)
      .findIndex((item) => 'node' in item && item.node.id === node.id)
    return {
      graph: this.around.structure.graph,
      layouts: this.around.layouts,
      input: (value) => this.operandCode(value, node),
      scope: scopeCode(this.around.structure.scopePath(node, this.frame) ?? ''),
      weight: () => this.weightCode(node),
      option: (spec) =>
        this.ownOption(spec, (frame) => this.around.structure.nodeAt(index, frame).attributes[spec.name]),
    }
  }

  private operandCode(value: ValueRef, reader: Node): Expression {
    const layout = this.around.layouts.readBy(reader)
    return layout === 'any' ? this.code(value) : this.codeIn(value, layout)
  }

  /** `at.get<tf.Tensor3D>('cls_token')` */
  private weightCode(node: Node): Expression {
    const name = present(node.parameters[''], 'a parameter without a role')
    const { shape } = present(this.around.structure.graph.parameters.get(name), name)
    const path = this.around.structure.scopePath(node, this.frame) ?? ''
    const [scope, role] = path.startsWith('/') ? ['at.root', path.slice(1)] : ['at', path]
    return source(`${scope}.get<${typeOfRank(shape.length)}>(${literal(role)})`)
  }

  private uses(value: ValueRef): number {
    return this.around.calls.uses(value, this.frame, this.plan)
  }

  private comment(value: ValueRef): string {
    return this.around.calls.shape(value, this.frame, this.plan)
  }
}

function docOf({ frame: { kind, definition } }: FunctionPlan, calls: number): string {
  if (kind === 'second') return 'The second prediction, for the images that do not keep the first one.'
  return `The ${kind} ${definition}${calls === 1 ? '' : `, called ${calls} times`}.`
}

function scopeCode(path: string): Expression {
  if (path === '') return variable('at')
  return source(path.startsWith('/') ? `at.root.in('${path.slice(1)}')` : `at.in('${path}')`)
}

export function tensorType(structure: Structure, value: ValueRef): string {
  return typeOfRank(typeOf(structure.graph, value).shape.length)
}

function optionParameter(options: readonly OptionPlan[]): FunctionParameter {
  const names = options.map(({ name, spec: { default: standard } }) =>
    standard === undefined || standard === null ? name : `${name} = ${attributeCode(standard)}`,
  )
  const fields = options.map(({ name, spec }) => ({ name, optional: hasDefault(spec), type: attributeType(spec) }))
  return {
    name: `{ ${names.join(', ')} }`,
    type: `{ ${fields.map(({ name, optional, type }) => `${name}${optional ? '?' : ''}: ${type.text}`).join('; ')} }`,
    imports: fields.flatMap(({ type }) => type.imports),
    ...(fields.every(({ optional }) => optional) && { initializer: '{}' }),
  }
}

function hasDefault(spec: ArgumentSpec): boolean {
  return spec.default !== undefined && spec.default !== null
}

function keyOf({ node, output }: ValueRef): string {
  return `${node}.${output}`
}
