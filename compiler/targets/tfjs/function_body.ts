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
import type { Plans } from '../plans.js'
import { secondFrame } from '../second_frames.js'
import { type Item, relative, type Structure } from '../structure.js'
import { attributeCode } from './attributes.js'
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
import type { FunctionPlan, OptionPlan } from './function_plan.js'
import type { Layouts } from './layout.js'
import { literal } from './literals.js'
import type { StorageLayout } from './lowering.js'
import { layoutChange } from './storage.js'

/** The context that the file provides to the body of a function. */
export interface Surroundings {
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

/** Writes the body of one function: one line per binding, with unnamed values inlined. */
export class Body {
  private readonly codes = new Map<string, Expression>()
  /** Inlined values, with the name that they would get. */
  private readonly inlined = new Map<string, { readonly path: readonly string[]; readonly item: Item }>()
  private readonly bindings: { readonly item: Item; readonly statement: Statement }[] = []
  /** Named copies of values in the other layout. */
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

function scopeCode(path: string): Expression {
  if (path === '') return variable('at')
  return source(path.startsWith('/') ? `at.root.in('${path.slice(1)}')` : `at.in('${path}')`)
}

export function tensorType(structure: Structure, value: ValueRef): string {
  return typeOfRank(typeOf(structure.graph, value).shape.length)
}

function keyOf({ node, output }: ValueRef): string {
  return `${node}.${output}`
}
