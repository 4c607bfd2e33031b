import { elementAt, present } from '../../../grammar/present.js'
import { type Attribute, type Frame, type Node, typeOf, type ValueRef } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { ArgumentSpec } from '../../ops/operation.js'
import { Names } from '../names.js'
import { type CallPlan, Plans } from '../plans.js'
import { type Item, relative, type Structure } from '../structure.js'
import { attributeCode, attributeType } from './attributes.js'
import { NodeCall, type Rendered } from './call.js'
import { identifier } from './names.js'

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

export interface FunctionText {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly initializer?: string }[]
  readonly returnType: string | undefined
  readonly lines: readonly string[]
}

/** Plans and writes the functions for blocks and branches; the model's own frame is written by the caller through `body`. */
export class FunctionWriter {
  readonly texts: FunctionText[] = []
  readonly runtime = new Set<string>()
  private readonly calls: Plans
  private readonly plans = new Map<string, FunctionPlan>()
  private readonly functionNames = new Names(identifier)
  private reserved: readonly string[] = []

  constructor(private readonly structure: Structure) {
    const locals = new Set(structure.graph.nodes.flatMap(({ local }) => (local ? [identifier(local)] : [])))
    for (const { local } of structure.graph.frames) if (local) locals.add(identifier(local))
    this.calls = new Plans(structure, identifier)
    for (const plan of this.calls.all()) this.plans.set(plan.key, this.plan(plan, locals))
    // Which functions of the runtime are called is known only once all is written; then no variable may have the name of one.
    for (const plan of this.plans.values()) this.write(plan)
    this.body(structure.frame(0), undefined)
    this.reserved = [...this.runtime, ...[...this.plans.values()].map(({ name }) => name)]
    for (const plan of this.plans.values()) this.texts.push(this.write(plan))
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
      const free = options.some((option) => option.name === name) ? identifier([...owner, name]) : name
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
    const returned = plan.outputs.map(({ place, name }) => ({
      name,
      code: body.code(this.structure.at(place, frame)),
    }))
    const lines = [...body.lines(() => true)]
    if (plan.single) lines.push(`return ${returned[0]?.code}`)
    else
      lines.push(
        `return { ${returned.map(({ name, code }) => (name === code ? name : `${name}: ${code}`)).join(', ')} }`,
      )
    // What a function makes on its way goes when it returns, but for what the gradient needs.
    if (lines.length > 1) {
      lines.unshift('return tf.tidy(() => {')
      lines.push('})')
    }
    const tensors = inputs.map((value) => ({ name: body.code(value), type: tensorType(this.structure, value) }))
    const options = plan.options.length > 0 ? [optionParameter(plan.options)] : []
    const output = plan.outputs[0] && this.structure.at(plan.outputs[0].place, frame)
    return {
      name: plan.name,
      doc:
        plan.frames.length === 1
          ? `The ${frame.kind} ${frame.definition}.`
          : `The ${frame.kind} ${frame.definition}, called ${plan.frames.length} times.`,
      parameters: [{ name: 'at', type: 'Scope' }, ...tensors, ...options],
      returnType: plan.single && output ? tensorType(this.structure, output) : this.recordType(plan, frame),
      lines,
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
      calls: this.calls,
      runtime: this.runtime,
      reserved: this.reserved,
      planOf: (inner) => this.planOf(inner),
    })
  }
}

/** What a function's inside knows of the file around it. */
interface Surroundings {
  readonly structure: Structure
  /** Functions of the runtime that are called. */
  readonly runtime: Set<string>
  /** Names that mean a function. */
  readonly reserved: readonly string[]
  readonly calls: Plans
  readonly planOf: (frame: Frame) => FunctionPlan
}

/** One function's inside: each binding a line, what has no name written into the line that uses it. */
class Body {
  private readonly codes = new Map<string, string>()
  private readonly texts: { readonly item: Item; readonly line: string }[] = []

  constructor(
    private readonly frame: Frame,
    private readonly plan: FunctionPlan | undefined,
    private readonly around: Surroundings,
  ) {
    const { structure } = around
    const names = new Names(identifier, [...around.reserved, ...(plan?.options.map(({ name }) => name) ?? [])])
    const { image, label } = structure.graph
    const inputs =
      frame.parent === undefined ? [image, label].flatMap((input) => input?.value ?? []) : structure.inputs(frame)
    for (const value of inputs) this.set(value, names.give([around.calls.inputName(value, frame)]))
    for (const item of structure.items(frame)) this.write(item, names)
  }

  code(value: ValueRef): string {
    return present(this.codes.get(`${value.node}.${value.output}`), 'the code of a value')
  }

  lines(fits: (item: Item) => boolean): string[] {
    return this.texts.filter(({ item }) => fits(item)).map(({ line }) => line)
  }

  private set(value: ValueRef, code: string): void {
    this.codes.set(`${value.node}.${value.output}`, code)
  }

  private write(item: Item, names: Names): void {
    if ('node' in item) this.writeNode(item, names)
    else this.writeCall(item, names)
  }

  private writeNode(item: { readonly node: Node }, names: Names): void {
    const { node } = item
    const operation = operationNamed(node.operation)
    const expression = operation.tfjs(new NodeCall(node, this.rendered(node)))
    const { outputs } = operation
    if (!outputs && !node.local && this.uses({ node: node.id, output: 0 }) === 1) {
      // Written into another call, it has to say what it gives: tfjs's functions give whatever is asked of them.
      const typed = expression.replace(
        /^tf\.(\w+)\(/,
        `tf.$1<${tensorType(this.around.structure, { node: node.id, output: 0 })}>(`,
      )
      this.set({ node: node.id, output: 0 }, typed)
      return
    }
    const name = names.give(node.local ?? node.path.slice(this.frame.path.length))
    const value = { node: node.id, output: 0 }
    // tfjs's own functions give whatever tensor is asked for.
    const type = /\btf\./.test(expression) ? `: ${tensorType(this.around.structure, value)}` : ''
    this.texts.push({ item, line: `const ${name}${type} = ${expression}${this.comment(value)}` })
    if (outputs)
      for (const [index, output] of outputs.entries()) this.set({ node: node.id, output: index }, `${name}.${output}`)
    else this.set(value, name)
  }

  private writeCall(item: { readonly frame: Frame }, names: Names): void {
    const call = item.frame
    const plan = this.around.planOf(call)
    const inputs = this.around.structure.inputs(call).map((value) => this.code(value))
    const scope = scopeCode(relative(call.parameterPath, this.frame.parameterPath))
    const options = this.optionsCode(plan, call)
    const expression = `${plan.name}(${[scope, ...inputs, ...options].join(', ')})`
    const values = plan.outputs.map(({ place, name }) => ({ value: this.around.structure.at(place, call), name }))
    const [first] = values
    if (plan.single && first && !call.local && this.uses(first.value) === 1) {
      this.set(first.value, expression)
      return
    }
    const variable = names.give(call.local ?? call.path.slice(this.frame.path.length))
    this.texts.push({
      item,
      line: `const ${variable} = ${expression}${plan.single && first ? this.comment(first.value) : ''}`,
    })
    for (const { value, name } of values) this.set(value, plan.single ? variable : `${variable}.${name}`)
  }

  private optionsCode(plan: FunctionPlan, call: Frame): string[] {
    const parts = plan.options.flatMap((option) => {
      const value = present(option.values.get(call.id), option.name)
      const own = this.ownOption(option.spec, (frame) => this.matching(call, frame, option))
      if (own) return [own === option.name ? own : `${option.name}: ${own}`]
      return JSON.stringify(value) === JSON.stringify(option.spec.default)
        ? []
        : [`${option.name}: ${attributeCode(value)}`]
    })
    return parts.length > 0 ? [`{ ${parts.join(', ')} }`] : []
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
      input: (value) => this.code(value),
      scope: scopeCode(this.around.structure.scopePath(node, this.frame) ?? ''),
      option: (spec) =>
        this.ownOption(spec, (frame) => this.around.structure.nodeAt(index, frame).attributes[spec.name]),
      runtime: (name) => {
        this.around.runtime.add(name)
        return name
      },
    }
  }

  private uses(value: ValueRef): number {
    return this.around.calls.uses(value, this.frame, this.plan)
  }

  private comment(value: ValueRef): string {
    const shape = this.around.calls.shape(value, this.frame, this.plan)
    return shape && ` // ${shape}`
  }
}

function scopeCode(path: string): string {
  if (path === '') return 'at'
  return path.startsWith('/') ? `at.root.in('${path.slice(1)}')` : `at.in('${path}')`
}

export function tensorType(structure: Structure, value: ValueRef): string {
  const rank = typeOf(structure.graph, value).shape.length
  return rank === 0 ? 'tf.Scalar' : `tf.Tensor${rank}D`
}

function optionParameter(options: readonly OptionPlan[]) {
  const names = options.map(({ name, spec: { default: standard } }) =>
    standard === undefined || standard === null ? name : `${name} = ${attributeCode(standard)}`,
  )
  const types = options.map(({ name, spec }) => `${name}${hasDefault(spec) ? '?' : ''}: ${attributeType(spec)}`)
  const optional = options.every(({ spec }) => hasDefault(spec))
  return { name: `{ ${names.join(', ')} }`, type: `{ ${types.join('; ')} }`, ...(optional && { initializer: '{}' }) }
}

function hasDefault(spec: ArgumentSpec): boolean {
  return spec.default !== undefined && spec.default !== null
}
