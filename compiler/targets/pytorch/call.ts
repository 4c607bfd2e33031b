import { elementAt, present } from '../../../grammar/present.js'
import type { Attribute, Graph, Node, ValueRef } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import * as python from '../../ops/python/index.js'
import { TypedCall } from '../../ops/support/typed.js'
import { inputTypes } from '../input_types.js'
import {
  type Argument,
  type CallExpression,
  callOf,
  type Expression,
  type Given,
  inTraining,
  keyword,
  type Literal,
  literal,
  printExpression,
  source,
  training,
} from './expression.js'
import { importFor, type PythonImport, type TorchFunction } from './imports.js'
import type { PythonHelper, PytorchCall } from './lowering.js'
import { needsFloat32 } from './precision.js'

/** The context that the surrounding method provides. */
export interface Rendered {
  readonly graph: Pick<Graph, 'nodes'>
  readonly input: (value: ValueRef) => Expression
  /** A call of the module that holds the node's parameters. */
  readonly module: (...given: readonly Given[]) => CallExpression
  /** The module or parameter itself. */
  readonly weight: () => Expression
  /** The attribute of the class that holds this argument, if its instances differ in it: `self.stride`. */
  readonly option: (attribute: string, phase: '' | '_training' | '_evaluation') => Expression | undefined
  /** Marks a name of another package as used. */
  readonly addImport: (needed: PythonImport) => void
  /** Marks a helper as used. */
  readonly use: (helper: PythonHelper) => void
  readonly classWeights: Expression | undefined
  /** Whether autocast may have left the value in half precision. */
  readonly narrow: (value: ValueRef) => boolean
}

/** Returns the code of the call. Operands of torch functions that must not compute in half precision are widened. */
export function expressionOf(node: Node, around: Rendered): Expression {
  const operation = operationNamed(node.operation)
  const call = new NodeCall(node, around)
  const expression = operation.lowering.pytorch.expression(call)
  const isTorch = !call.callsOwn && needsFloat32(operation)
  if (!isTorch || !node.inputs.some(({ value }) => around.narrow(value))) return expression
  around.use(python.widen)
  const input = (value: ValueRef) =>
    around.narrow(value) ? callOf(python.widen.name, around.input(value)) : around.input(value)
  return operation.lowering.pytorch.expression(new NodeCall(node, { ...around, input }))
}

/** Returns how the operation of a node is written, without the code of its operands. */
export function codeWithoutOperands(node: Node, graph: Pick<Graph, 'nodes'>): string {
  const varies = (attribute: string) =>
    operationNamed(node.operation).arguments.some(({ name, varies }) => name === attribute && varies)
  const expression = expressionOf(node, {
    graph,
    input: () => source('operand'),
    module: (...given) => callOf('module', ...given),
    weight: () => source('weight'),
    option: (attribute, phase) => (varies(attribute) ? source(`${attribute}${phase}`) : undefined),
    use: () => undefined,
    addImport: () => undefined,
    classWeights: undefined,
    narrow: () => false,
  })
  return printExpression(expression)
}

/** A node for its operation's lowering to PyTorch. */
class NodeCall extends TypedCall implements PytorchCall {
  /** Whether the expression is a call of the operation's own function or module. */
  callsOwn = false

  constructor(
    private readonly node: Node,
    private readonly around: Rendered,
  ) {
    super(node.operation, inputTypes(node, around.graph), node.attributes)
  }

  input(argument: string): Expression {
    return elementAt(this.inputs(argument), 0)
  }

  inputs(argument: string): readonly Expression[] {
    return this.node.inputs.flatMap((input) => (input.argument === argument ? [this.around.input(input.value)] : []))
  }

  code(argument: string): Expression {
    const value = present(this.node.attributes[argument], argument)
    if (typeof value !== 'object' || !('kind' in value) || value.kind !== 'by-phase')
      return this.around.option(argument, '') ?? literal(value)
    const code = (phase: '_training' | '_evaluation', one: Attribute) =>
      this.around.option(argument, phase) ?? literal(withoutPhase(one))
    return inTraining(code('_training', value.training), code('_evaluation', value.evaluation))
  }

  keyword(argument: string, name = argument): Argument | undefined {
    if (this.node.attributes[argument] === undefined) return undefined
    const value = this.code(argument)
    const standard = operationNamed(this.operation).arguments.find((spec) => spec.name === argument)?.default
    const isDefault =
      standard !== undefined && standard !== null && printExpression(value) === printExpression(literal(standard))
    return isDefault ? undefined : keyword(name, value)
  }

  trainingFor(argument: string): Argument | undefined {
    return isDrawn(this.node.attributes[argument]) ? keyword('training', training) : undefined
  }

  classWeights(): Expression | undefined {
    return this.around.classWeights
  }

  torch(callee: TorchFunction, ...given: readonly Given[]): CallExpression {
    this.around.addImport(importFor(callee))
    return callOf(callee, ...given)
  }

  helper(helper: PythonHelper, ...given: readonly Given[]): CallExpression {
    this.callsOwn = true
    this.around.use(helper)
    return callOf(helper.name, ...given)
  }

  module(...given: readonly Given[]): CallExpression {
    this.callsOwn = true
    return this.around.module(...given)
  }

  weight(): Expression {
    this.callsOwn = true
    return this.around.weight()
  }
}

/** Whether the attribute is a range from which each image gets its own number, in one of the phases. */
function isDrawn(value: Attribute | undefined): boolean {
  if (typeof value !== 'object' || !('kind' in value)) return false
  return value.kind === 'by-phase' ? isDrawn(value.training) || isDrawn(value.evaluation) : value.kind === 'uniform'
}

/** Returns an attribute that no longer depends on the phase. */
export function withoutPhase(value: Attribute): Literal {
  if (typeof value === 'object' && 'kind' in value && value.kind === 'by-phase')
    throw new Error('a choice by phase within another')
  return value
}
