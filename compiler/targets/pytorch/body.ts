import { present } from '../../../grammar/present.js'
import { type Frame, type Node, sameValue, trainingInputs, type ValueRef } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import { Names } from '../identifiers.js'
import type { CallPlan, Plans } from '../plans.js'
import { type Item, relative, type Structure } from '../structure.js'
import { expressionOf, type Rendered } from './call.js'
import {
  attribute,
  type CallExpression,
  callOf,
  callOfModule,
  type Expression,
  type Given,
  isTypedCall,
  method,
  occurrences,
  printExpression,
  self,
  source,
} from './expression.js'
import type { PythonImport } from './imports.js'
import { isLine, statement } from './layout.js'
import type { PythonHelper } from './lowering.js'
import { anyModule, type ClassPlan, type ModuleTree, modulePath } from './modules.js'
import type { Narrow } from './precision.js'
import { identifier } from './python.js'

/** Longer expressions get a line and a name. */
const longestInlined = 60
/** That of a method's statements. */
const indent = '        '

/** The context that the file provides to a method. */
export interface Surroundings {
  readonly structure: Structure
  readonly calls: Plans
  readonly tree: ModuleTree
  readonly narrow: Narrow
  /** Helpers that are called. */
  readonly helpers: Set<PythonHelper>
  /** Names of other packages that are used. */
  readonly imports: Set<PythonImport>
  /** Names that mean a function or a class. */
  readonly reserved: readonly string[]
}

/** Writes one `forward`: one line per binding, with unnamed values inlined. */
export class Body {
  private readonly codes = new Map<string, Expression>()
  /** Inlined values, with the name that they would get, and the item that they belong to. */
  private readonly inlined = new Map<string, { readonly path: readonly string[]; readonly item: Item }>()
  /** Values whose type is unknown to type checkers: calls of nn.Module return Any. */
  private readonly untyped = new Set<string>()
  private readonly shared: ReadonlyMap<string, string>
  private readonly texts: { readonly item: Item; readonly lines: readonly string[] }[] = []

  constructor(
    private readonly frame: Frame,
    private readonly plan: CallPlan | undefined,
    private readonly owner: ClassPlan,
    private readonly around: Surroundings,
  ) {
    const { structure, calls } = around
    this.shared = sharedNames(plan, around)
    const names = new Names(identifier, [...around.reserved, ...this.shared.values()])
    const inputs = plan ? structure.inputs(frame) : trainingInputs(structure.graph).map(({ value }) => value)
    for (const value of inputs) this.set(value, source(names.give([calls.inputName(value, frame)])))
    for (const item of structure.items(frame)) {
      if ('node' in item) this.writeNode(item, names)
      else this.writeCall(item, names)
    }
  }

  code(value: ValueRef): Expression {
    return present(this.codes.get(keyOf(value)), 'the code of a value')
  }

  lines(fits: (item: Item) => boolean): string[] {
    return this.texts.filter(({ item }) => fits(item)).flatMap(({ lines }) => lines)
  }

  private set(value: ValueRef, code: Expression): void {
    this.codes.set(keyOf(value), code)
  }

  private writeNode(item: { readonly node: Node }, names: Names): void {
    const { node } = item
    const operation = operationNamed(node.operation)
    const write = () => expressionOf(node, this.rendered(node))
    const value = { node: node.id, output: 0 }
    const { outputs } = operation
    const path = node.local ?? node.path.slice(this.frame.path.length)
    const written = write()
    // An operand that the expression reads twice is computed before.
    const repeated = node.inputs.filter(({ value: operand }) => occurrences(written, this.code(operand)) > 1)
    for (const input of repeated) this.nameInlined(input.value, names)
    const first = repeated.length > 0 ? write() : written
    const ofModule = first.kind === 'call' && first.ofModule
    const ofInputs = !isTypedCall(first) && node.inputs.some((input) => this.isUntyped(input.value))
    if (ofModule || ofInputs) this.untyped.add(keyOf(value))
    if (!outputs && (operation.lowering.inline || this.isInlined(value, node.local, first))) {
      // A call with weights has its binding's own name, which belongs to the binding's value.
      this.inline(value, first, Object.keys(node.parameters).length > 0 ? [...path, operation.name] : path, item)
      return
    }
    const name = names.give(path)
    // A sum or product that needs more than a line is clearer when what goes into it has names. Of a choice only what is taken is computed.
    const tooLong = first.kind === 'arithmetic' && !isLine(`${indent}${name} = ${printExpression(first)}`)
    if (tooLong) for (const input of node.inputs) this.nameInlined(input.value, names)
    const expression = tooLong ? write() : first
    this.texts.push({
      item,
      lines: statement(indent, `${name}${this.annotation(value)} = `, expression, this.shape(value)),
    })
    if (outputs)
      for (const [output, field] of outputs.entries())
        this.set({ node: node.id, output }, attribute(source(name), field))
    else this.set(value, source(name))
  }

  private writeCall(item: { readonly frame: Frame }, names: Names): void {
    const { structure, calls, tree } = this.around
    const call = item.frame
    const plan = calls.of(call)
    const inputs = structure.inputs(call).map((value) => this.code(value))
    const shared = outsideModules(plan, this.around).map((path) => this.typedModuleCode(path))
    const number = tree.at(call.parameterPath).plans.indexOf(plan)
    const { parameterPath } = call
    const callee =
      number > 0 ? attribute(this.typedModuleCode(parameterPath), methodName(number)) : this.moduleCode(parameterPath)
    const expression = callOfModule(callee, ...inputs, ...shared)
    const values = plan.outputs.map(({ place, name }) => ({ value: structure.at(place, call), name }))
    for (const { value } of values) this.untyped.add(keyOf(value))
    const [first] = values
    const path = call.local ?? call.path.slice(this.frame.path.length)
    if (plan.single && first && this.isInlined(first.value, call.local, expression)) {
      this.inline(first.value, expression, path, item)
      return
    }
    const variable = names.give(path)
    const comment = plan.single && first ? this.shape(first.value) : ''
    this.texts.push({
      item,
      lines: statement(
        indent,
        `${variable}${plan.single && first ? this.annotation(first.value) : ''} = `,
        expression,
        comment,
      ),
    })
    for (const { value, name } of values)
      this.set(value, plan.single ? source(variable) : attribute(source(variable), name))
  }

  private isUntyped(value: ValueRef): boolean {
    return this.untyped.has(keyOf(value))
  }

  /** A returned tensor is annotated as one. */
  private annotation(value: ValueRef): string {
    if (!this.plan?.single || !this.isUntyped(value)) return ''
    const [output] = this.plan.outputs
    const returned = output && this.around.structure.at(output.place, this.frame)
    return returned && sameValue(returned, value) ? ': Tensor' : ''
  }

  private inline(value: ValueRef, code: Expression, path: readonly string[], item: Item): void {
    this.set(value, code)
    this.inlined.set(keyOf(value), { path, item })
  }

  private nameInlined(value: ValueRef, names: Names): void {
    const found = this.inlined.get(keyOf(value))
    if (!found) return
    const name = names.give(found.path)
    const lines = statement(indent, `${name} = `, this.code(value), this.shape(value))
    this.texts.push({ item: found.item, lines })
    this.set(value, source(name))
  }

  private isInlined(value: ValueRef, local: readonly string[] | undefined, expression: Expression): boolean {
    return (
      !local &&
      !this.annotation(value) &&
      printExpression(expression).length <= longestInlined &&
      this.around.calls.uses(value, this.frame, this.plan) === 1
    )
  }

  private shape(value: ValueRef): string {
    return this.around.calls.shape(value, this.frame, this.plan)
  }

  private rendered(node: Node): Rendered {
    const { structure, tree, helpers, imports } = this.around
    const index = structure.items(this.frame).findIndex((item) => 'node' in item && item.node.id === node.id)
    return {
      graph: structure.graph,
      input: (value) => this.code(value),
      module: (...given) => this.operationCall(present(modulePath(node), 'the module of an operation'), given),
      weight: () => this.moduleCode(present(modulePath(node), 'the parameter of an operation')),
      option: (argument, phase) => {
        const key = tree.attributeKey(this.plan, index, argument, phase)
        const parameter = this.owner.parameters.find(({ keys }) => keys.has(key))
        return parameter && attribute(self, parameter.name)
      },
      addImport: (needed) => {
        imports.add(needed)
      },
      use: (helper) => {
        helpers.add(helper)
      },
      narrow: (value) => this.around.narrow.has(value, this.frame, this.plan),
      classWeights: structure.graph.plan.classWeights === 'balanced' ? attribute(self, 'class_weights') : undefined,
    }
  }

  /** A call of an operation's own module; if the module is a block as well, of its part for the operation. */
  private operationCall(path: readonly string[], given: readonly Given[]): CallExpression {
    const { tree } = this.around
    const block = tree.classOf(tree.at(path))
    if (!block) return callOfModule(this.moduleCode(path), ...given)
    const base = block === this.owner ? [] : [source(block.name), this.typedModuleCode(path)]
    return method(callOf('super', ...base), 'forward', ...given)
  }

  /** A module below this one, or one that was handed in. */
  private moduleCode(path: readonly string[]): Expression {
    if (!isWithin(path, this.plan)) return source(present(this.shared.get(path.join('.')), 'a module from outside'))
    const { tree } = this.around
    const { parameterPath } = this.frame
    return tree.codeBelow(self, tree.at(parameterPath), path.slice(parameterPath.length))
  }

  /** The same as a type checker needs it where more than a call of the module follows: lists and the like hold modules of any type. */
  private typedModuleCode(path: readonly string[]): Expression {
    const code = this.moduleCode(path)
    const type = this.around.tree.typeAt(path)
    if (code.kind === 'source' || code.kind === 'attribute' || type === anyModule) return code
    this.around.imports.add({ module: 'typing', name: 'cast' })
    return callOf('cast', source(type), code)
  }
}

function keyOf({ node, output }: ValueRef): string {
  return `${node}.${output}`
}

/** Modules that the calls of a plan run through and that lie elsewhere in the model: weights of another branch. */
export function outsideModules(plan: CallPlan | undefined, around: Surroundings): readonly (readonly string[])[] {
  if (!plan) return []
  const { structure, calls } = around
  const needed = structure.items(plan.frame).flatMap((item): (readonly string[])[] => {
    if ('frame' in item) return [item.frame.parameterPath, ...outsideModules(calls.of(item.frame), around)]
    return [modulePath(item.node) ?? plan.frame.parameterPath]
  })
  const outside = needed.filter((path) => !isWithin(path, plan))
  return [...new Map(outside.map((path) => [path.join('.'), path])).values()]
}

/** The names of the modules that a plan's calls are handed, by their paths. */
export function sharedNames(plan: CallPlan | undefined, around: Surroundings): ReadonlyMap<string, string> {
  const names = new Names(identifier)
  return new Map(outsideModules(plan, around).map((path) => [path.join('.'), names.give(path)]))
}

/** Whether every call of the plan finds the module below its own. */
function isWithin(path: readonly string[], plan: CallPlan | undefined): boolean {
  return !plan || !relative(path, plan.frame.parameterPath).startsWith('/')
}

export function methodName(number: number): string {
  return number === 0 ? 'forward' : `forward_${number + 1}`
}
