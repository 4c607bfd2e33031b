import { elementAt, present } from '../../../grammar/present.js'
import { type Attribute, type Frame, type Node, ownerPath } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import * as python from '../../ops/python/index.js'
import { TypedCall } from '../../ops/support/typed.js'
import { Names } from '../identifiers.js'
import { inputTypes } from '../input_types.js'
import type { CallPlan, Plans } from '../plans.js'
import type { Structure } from '../structure.js'
import { withoutPhase } from './call.js'
import {
  attribute,
  callOf,
  type Expression,
  type Literal,
  literal,
  method,
  printExpression,
  quoted,
  source,
  subscript,
} from './expression.js'
import type { PythonHelper, PytorchModule } from './lowering.js'
import { className, identifier, isKey, isPlainChild, isTaken } from './python.js'

/**
 * A module of the model at its path: an operation's own, one of a block's class, or only a container of others. A block may have an operation's
 * parameters at its own path; then its class is a subclass of the operation's.
 */
export interface Instance {
  readonly path: readonly string[]
  readonly children: Map<string, Instance>
  /** The blocks and branches whose calls run on it; more than one where calls that share weights are built differently. */
  readonly plans: CallPlan[]
  module?: PytorchModule
}

/** A class of the generated file, for all modules with the same structure. */
export interface ClassPlan {
  readonly name: string
  readonly instances: readonly Instance[]
  readonly plans: readonly CallPlan[]
  readonly parameters: readonly ClassParameter[]
}

/** An argument of the constructor: something in which the modules differ. */
export interface ClassParameter {
  readonly name: string
  /** The constructor arguments that it determines, by Slot.key. */
  readonly keys: Set<string>
  /** Its value for each module, in the order of `instances`. */
  readonly values: readonly Literal[]
  readonly default: Literal | undefined
  readonly width: boolean
  /** Kept for `forward`. */
  readonly kept: boolean
}

/** A number in a module. Modules of one class have the same slots with different values. */
interface Slot {
  readonly key: string
  readonly name: string
  readonly owner: string
  readonly value: Literal
  readonly default: Literal | undefined
  readonly width: boolean
  readonly kept: boolean
}

/** The type of a module whose class is unknown. */
export const anyModule = 'nn.Module'

/** A statement: an expression, and what it is assigned to. */
export interface Placing {
  readonly target?: Expression
  readonly expression: Expression
}

/** Finds the tree of modules and the classes that it is made of; inner classes come first, the model's own last. */
export class ModuleTree {
  readonly root: Instance = { path: [], children: new Map(), plans: [] }
  readonly classes: ClassPlan[] = []
  private readonly byInstance = new Map<Instance, ClassPlan>()
  private readonly names: Names
  private readonly rootName: string

  constructor(
    private readonly structure: Structure,
    private readonly plans: Plans,
    reserved: Iterable<string>,
    private readonly helpers: Set<PythonHelper>,
  ) {
    this.names = new Names(className, reserved, '')
    // Before a block of the same name: other files import the model by its name.
    this.rootName = this.names.give([structure.graph.name])
    this.place(structure.frame(0))
    const groups = new Map<string, Instance[]>()
    this.group(this.root, groups)
    for (const instances of groups.values()) this.addClass(instances)
  }

  at(path: readonly string[]): Instance {
    let instance = this.root
    for (const [index, name] of path.entries()) {
      const next = instance.children.get(name) ?? { path: path.slice(0, index + 1), children: new Map(), plans: [] }
      instance.children.set(name, next)
      instance = next
    }
    return instance
  }

  /** Code of a module below another one, of which `owner` is the code and, where `exact`, the type is known. */
  codeBelow(owner: Expression, instance: Instance, path: readonly string[], exact = true): Expression {
    const [name, ...rest] = path
    if (name === undefined) return owner
    const code = this.childCode(owner, instance, name, exact)
    return this.codeBelow(code, this.at([...instance.path, name]), rest, code.kind === 'attribute')
  }

  /** The statement that puts a new module below another one. */
  placing(owner: Expression, instance: Instance, name: string, made: Expression): Placing {
    const kind = this.kindOf(instance)
    if (this.at([...instance.path, name]).module?.isParameter && !(kind === 'class' && isPlainChild(name)))
      return { expression: method(owner, 'register_parameter', quoted(name), made) }
    if (kind === 'list') return { expression: method(owner, 'append', made) }
    if (kind === 'dict') return { target: subscript(owner, quoted(name)), expression: made }
    if (kind === 'class' && isPlainChild(name)) return { target: attribute(owner, name), expression: made }
    return isTaken(name)
      ? { target: subscript(attribute(owner, '_modules'), quoted(name)), expression: made }
      : { expression: method(owner, 'add_module', quoted(name), made) }
  }

  /** How the modules below one are kept; only right below a class a list or a dictionary has a type that is known. */
  kindOf(instance: Instance): 'class' | 'list' | 'dict' | 'module' {
    if (isClass(instance)) return 'class'
    const parent = this.at(instance.path.slice(0, -1))
    const { module, children } = instance
    // Lists and dictionaries of modules hold no parameters.
    if ([...children.values()].some((child) => child.module?.isParameter)) return 'module'
    if (module || children.size === 0 || !isClass(parent)) return 'module'
    const names = [...children.keys()]
    if (names.every((name, index) => name === String(index))) return 'list'
    return names.every(isKey) ? 'dict' : 'module'
  }

  private childCode(owner: Expression, instance: Instance, name: string, exact: boolean): Expression {
    const kind = exact ? this.kindOf(instance) : 'module'
    if (kind === 'list') return subscript(owner, source(name))
    if (kind === 'dict') return subscript(owner, quoted(name))
    if (kind === 'class' && isPlainChild(name)) return attribute(owner, name)
    if (this.at([...instance.path, name]).module?.isParameter) return method(owner, 'get_parameter', quoted(name))
    this.helpers.add(python.child)
    return callOf(python.child.name, owner, quoted(name))
  }

  classOf(instance: Instance): ClassPlan | undefined {
    return this.byInstance.get(instance)
  }

  /** The type of a module in annotations. */
  typeAt(path: readonly string[]): string {
    const instance = this.at(path)
    return this.classOf(instance)?.name ?? (instance.module ? typeName(instance.module) : anyModule)
  }

  /** Where a call's numbers are found again: by what it calls, the place in it, and the attribute. */
  attributeKey(plan: CallPlan | undefined, item: number, attribute: string, phase: string): string {
    return JSON.stringify([plan?.key, item, attribute, phase])
  }

  private place(frame: Frame): void {
    for (const item of this.structure.items(frame)) {
      if ('frame' in item) {
        const { plans } = this.at(item.frame.parameterPath)
        const plan = this.plans.of(item.frame)
        if (!plans.includes(plan)) plans.push(plan)
        this.place(item.frame)
        continue
      }
      const path = modulePath(item.node)
      if (path) this.at(path).module ??= moduleAt(item.node, this.structure)
    }
  }

  /** Instances that one class can serve, by what they are made of. */
  private group(instance: Instance, groups: Map<string, Instance[]>): string {
    const children = [...instance.children].map(([name, child]) => [name, this.group(child, groups)])
    const { module } = instance
    const own = module && [typeName(module), module.arguments.map(({ name }) => name)]
    if (!isClass(instance)) return JSON.stringify([own, children])
    const order = this.plans.all()
    instance.plans.sort((a, b) => order.indexOf(a) - order.indexOf(b))
    const signature = JSON.stringify([own, instance.plans.map(({ key }) => key), children])
    groups.set(signature, [...(groups.get(signature) ?? []), instance])
    return signature
  }

  private addClass(instances: readonly Instance[]): void {
    const first = elementAt(instances, 0)
    const definition = first.plans[0]?.frame.definition ?? this.structure.graph.name
    const name = first === this.root ? this.rootName : this.names.give([definition])
    const all = instances.map((instance) => this.slots(instance))
    const parameters: ClassParameter[] = []
    const names = new Names(
      identifier,
      [...first.children.keys()].map((child) => identifier([child])),
    )
    for (const [index, slot] of elementAt(all, 0).entries()) {
      const values = all.map((slots) => elementAt(slots, index).value)
      if (values.every((value) => isSame(value, values[0]))) continue
      const same = parameters.find(
        (other) =>
          other.values.every((value, i) => isSame(value, elementAt(values, i))) &&
          other.kept === slot.kept &&
          (other.name === slot.name || (other.width && slot.width)),
      )
      if (same) {
        same.keys.add(slot.key)
        continue
      }
      const free =
        parameters.some((other) => other.name === slot.name) ||
        first.children.has(slot.name) ||
        (slot.kept && !isPlainChild(slot.name))
      parameters.push({
        name: names.give(free ? [slot.owner, slot.name] : [slot.name]),
        keys: new Set([slot.key]),
        values,
        default: slot.default,
        width: slot.width,
        kept: slot.kept,
      })
    }
    const rank = (parameter: ClassParameter) => (parameter.default !== undefined ? 2 : parameter.width ? 0 : 1)
    parameters.sort((a, b) => rank(a) - rank(b))
    const made: ClassPlan = { name, instances, plans: first.plans, parameters }
    this.classes.push(made)
    for (const instance of instances) this.byInstance.set(instance, made)
  }

  private slots(instance: Instance): readonly Slot[] {
    const own = instance.module ? argumentSlots(instance.module, [], 'own') : []
    return [...own, ...this.childSlots(instance, []), ...this.attributeSlots(instance)]
  }

  /** The arguments that the constructor passes to the modules below. */
  private childSlots(instance: Instance, path: readonly string[]): Slot[] {
    return [...instance.children].flatMap(([name, child]): Slot[] => {
      const place = [...path, name]
      const owner = identifier(place)
      const own = this.byInstance.get(child)
      if (own) {
        const index = own.instances.indexOf(child)
        return own.parameters.map((parameter) => ({
          ...parameter,
          kept: false,
          key: slotKey(place, parameter.name),
          owner,
          value: elementAt(parameter.values, index),
        }))
      }
      const given = child.module ? argumentSlots(child.module, place, owner) : []
      return [...given, ...this.childSlots(child, place)]
    })
  }

  /** Attributes that `forward` reads: those of operations without a module of their own. */
  private attributeSlots(instance: Instance): Slot[] {
    return instance.plans.flatMap((plan) => {
      const path = instance.path.join('.')
      const frame = present(
        plan.frames.find(({ parameterPath }) => parameterPath.join('.') === path),
        `a call at ${path}`,
      )
      return this.structure.items(frame).flatMap((item, index): Slot[] => {
        if ('frame' in item || modulePath(item.node)) return []
        const { node } = item
        return operationNamed(node.operation).arguments.flatMap((spec) => {
          const value = node.attributes[spec.name]
          if (!spec.varies || value === undefined) return []
          const owner = identifier(node.local ?? [node.operation])
          return byPhase(value).map(([phase, one]) => ({
            key: this.attributeKey(plan, index, spec.name, phase),
            name: `${spec.name}${phase}`,
            owner,
            value: withoutPhase(one),
            default: undefined,
            width: false,
            kept: true,
          }))
        })
      })
    })
  }
}

function argumentSlots(module: PytorchModule, place: readonly string[], owner: string): Slot[] {
  return module.arguments.map((argument) => ({
    key: slotKey(place, argument.name),
    name: argument.name,
    owner,
    value: argument.value,
    default: argument.default,
    width: argument.width ?? false,
    kept: false,
  }))
}

/** Whether both are the same in Python. */
export function isSame(one: Literal, other: Literal | undefined): boolean {
  return other !== undefined && printExpression(literal(one)) === printExpression(literal(other))
}

/** A module that calls run through, or the model itself. */
function isClass({ path, plans }: Instance): boolean {
  return plans.length > 0 || path.length === 0
}

export function slotKey(path: readonly string[], name: string): string {
  return JSON.stringify([path, name])
}

export function typeName({ type }: PytorchModule): string {
  return typeof type === 'string' ? type : type.name
}

/** Where a node's parameters are; undefined when it has none. */
export function modulePath(node: Node): readonly string[] | undefined {
  const [entry] = Object.entries(node.parameters)
  return entry && ownerPath(entry[1], entry[0])
}

function moduleAt(node: Node, { graph }: Structure): PytorchModule {
  const call = new TypedCall(node.operation, inputTypes(node, graph), node.attributes)
  return present(operationNamed(node.operation).lowering.pytorch.module?.(call), `the module of ${node.operation}`)
}

function byPhase(value: Attribute): [phase: string, value: Attribute][] {
  if (typeof value !== 'object' || !('kind' in value) || value.kind !== 'by-phase') return [['', value]]
  return [
    ['_training', value.training],
    ['_evaluation', value.evaluation],
  ]
}
