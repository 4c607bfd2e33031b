import { elementAt, present } from '../../../grammar/present.js'
import { type Attribute, type Graph, type Node, type TensorType, typeOf, type ValueRef } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import * as python from '../../ops/python/index.js'
import { TypedCall } from '../../ops/support/typed.js'
import { isOperation } from './layout.js'
import { callText, type PythonHelper, type PytorchCall } from './lowering.js'
import { helperOf, needsFloat32 } from './precision.js'
import { valueCode } from './python.js'

/** The context that the surrounding method provides. */
export interface Rendered {
  readonly graph: Pick<Graph, 'nodes'>
  readonly input: (value: ValueRef) => string
  readonly module: () => string
  /** The attribute of the class that holds this argument, if its instances differ in it: `self.stride`. */
  readonly option: (attribute: string, phase: '' | '_training' | '_evaluation') => string | undefined
  readonly helper: (helper: PythonHelper) => string
  readonly classWeights: string
  /** Whether autocast may have left the value in half precision. */
  readonly narrow: (value: ValueRef) => boolean
}

/** Returns the code of the call. Operands of torch functions that must not compute in half precision are widened. */
export function expressionOf(node: Node, around: Rendered): string {
  const operation = operationNamed(node.operation)
  const call = new NodeCall(node, around)
  const expression = operation.lowering.pytorch.expression(call)
  const isTorch = !call.callsOwn && needsFloat32(operation)
  if (!isTorch || !node.inputs.some(({ value }) => around.narrow(value))) return expression
  const input = (value: ValueRef) =>
    around.narrow(value) ? callText(around.helper(python.widen), around.input(value)) : around.input(value)
  return operation.lowering.pytorch.expression(new NodeCall(node, { ...around, input }))
}

/** One node, as its operation sees it while it writes PyTorch. */
class NodeCall extends TypedCall implements PytorchCall {
  /** Whether the expression is a call of the operation's own function or module. */
  callsOwn = false

  constructor(
    private readonly node: Node,
    private readonly around: Rendered,
  ) {
    super(node.operation, inputTypes(node, around.graph), node.attributes)
  }

  input(argument: string): string {
    return elementAt(this.inputs(argument), 0)
  }

  inputs(argument: string): readonly string[] {
    return this.node.inputs.flatMap((input) => (input.argument === argument ? [this.around.input(input.value)] : []))
  }

  operand(argument: string): string {
    return inParentheses(this.input(argument))
  }

  operands(argument: string): readonly string[] {
    return this.inputs(argument).map(inParentheses)
  }

  module(): string {
    this.callsOwn = true
    return this.around.module()
  }

  code(argument: string): string {
    const value = present(this.node.attributes[argument], argument)
    if (typeof value !== 'object' || !('kind' in value) || value.kind !== 'by-phase')
      return this.around.option(argument, '') ?? valueCode(value)
    const code = (phase: '_training' | '_evaluation', one: Attribute) =>
      this.around.option(argument, phase) ?? attributeCode(one)
    return `${code('_training', value.training)} if self.training else ${code('_evaluation', value.evaluation)}`
  }

  keyword(argument: string): string {
    const value = this.node.attributes[argument]
    if (value === undefined) return ''
    const code = this.code(argument)
    const standard = operationNamed(this.operation).arguments.find(({ name }) => name === argument)?.default
    const isDefault = standard !== undefined && standard !== null && code === valueCode(standard)
    return isDefault ? '' : `${argument}=${code}`
  }

  trainingFor(argument: string): string {
    return JSON.stringify(this.node.attributes[argument])?.includes('"uniform"') ? 'training=self.training' : ''
  }

  classWeights(): string {
    return this.around.classWeights
  }

  helper(helper: PythonHelper): string {
    this.callsOwn = true
    return this.around.helper(helperOf(operationNamed(this.operation), helper))
  }
}

/** An attribute that does not depend on the phase any more. */
export function attributeCode(value: Attribute): string {
  if (typeof value === 'object' && 'kind' in value && value.kind === 'by-phase')
    throw new Error('a choice by phase within another')
  return valueCode(value)
}

export function inputTypes(node: Node, graph: Pick<Graph, 'nodes'>): Map<string, TensorType[]> {
  const types = new Map<string, TensorType[]>()
  for (const { argument, value } of node.inputs)
    types.set(argument, [...(types.get(argument) ?? []), typeOf(graph, value)])
  return types
}

function inParentheses(code: string): string {
  return isOperation(code) ? `(${code})` : code
}
