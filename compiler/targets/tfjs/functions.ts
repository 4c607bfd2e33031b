import { elementAt, present } from '../../../grammar/present.js'
import type { Attribute, Frame } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { ArgumentSpec } from '../../ops/operation.js'
import { Names } from '../identifiers.js'
import { type CallPlan, Plans } from '../plans.js'
import type { Structure } from '../structure.js'
import { attributeCode, attributeType } from './attributes.js'
import type { Expression, Field, Statement } from './expression.js'
import { identifier } from './file_identifiers.js'
import { Body, tensorType } from './function_body.js'
import type { FunctionPlan, OptionPlan } from './function_plan.js'
import type { Layouts } from './layout.js'

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

function docOf({ frame: { kind, definition } }: FunctionPlan, calls: number): string {
  if (kind === 'second') return 'The second prediction, for the images that do not keep the first one.'
  return `The ${kind} ${definition}${calls === 1 ? '' : `, called ${calls} times`}.`
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
