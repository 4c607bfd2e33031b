import { elementAt, present } from '../../../grammar/present.js'
import type { Attribute, Graph, Node, TensorType, ValueRef } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { ArgumentSpec } from '../../ops/operation.js'
import { TypedCall } from '../../ops/support/typed.js'
import { inputTypes } from '../input_types.js'
import { attributeCode } from './attributes.js'
import {
  type CallExpression,
  callOf,
  type Expression,
  type Field,
  printExpression,
  source,
  variable,
} from './expression.js'
import { camelCase } from './file_identifiers.js'
import type { Layouts } from './layout.js'
import type { StorageLayout, TfjsCall } from './lowering.js'
import { storedAxis, storedPermutation, storedSizes } from './storage.js'

/** The context that the surrounding function provides. */
export interface Rendered {
  readonly graph: Graph
  readonly layouts: Layouts
  /** The code of a value, stored as the node reads it. */
  readonly input: (value: ValueRef) => Expression
  readonly scope: Expression
  /** The variable named by the call's path alone. */
  readonly weight: () => Expression
  /** The function's own argument that carries this attribute, where calls differ in it. */
  readonly option: (spec: ArgumentSpec) => string | undefined
}

/** Returns what the code of a node depends on beside the code of its operands: how they are stored, and how the operation is written. */
export function codeWithoutOperands(node: Node, graph: Graph, layouts: Layouts): string {
  const call = new NodeCall(node, {
    graph,
    layouts,
    input: () => source('operand'),
    scope: source('scope'),
    weight: () => source('weight'),
    option: (spec) => (spec.varies ? spec.name : undefined),
  })
  const code = printExpression(operationNamed(node.operation).lowering.tfjs(call))
  return [...layouts.around(node), code].join(' ')
}

/** A node for its operation's lowering to TensorFlow.js. */
export class NodeCall extends TypedCall implements TfjsCall {
  readonly at = variable('at')

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
    return this.values(argument).map(this.around.input)
  }

  rank(argument: string): number {
    return this.type(argument).shape.length
  }

  sizes(argument: string): readonly number[] {
    return storedSizes(sizesOf(this.type(argument)), this.layout(argument))
  }

  outputSizes(): readonly number[] {
    return this.storedOutput(sizesOf(elementAt(this.node.outputs, 0)))
  }

  storedOutput(sizes: readonly number[]): readonly number[] {
    return storedSizes(sizes, this.outputLayout())
  }

  axis(argument: string, axis: number): number {
    return storedAxis(axis, this.layout(argument))
  }

  permutation(argument: string, axes: readonly number[]): readonly number[] {
    return storedPermutation(axes, this.layout(argument), this.outputLayout())
  }

  scope(): Expression {
    return this.around.scope
  }

  weight(): Expression {
    return this.around.weight()
  }

  code(argument: string): Expression {
    const spec = this.spec(argument)
    const option = spec && this.around.option(spec)
    return option ? variable(option) : source(attributeCode(present(this.node.attributes[argument], argument)))
  }

  value(argument: string): number | boolean | string | readonly number[] | undefined {
    const value = this.node.attributes[argument]
    return typeof value === 'object' && 'kind' in value ? undefined : value
  }

  options(...names: readonly string[]): Expression | undefined {
    const fields = names.flatMap((name): Field[] => {
      const value: Attribute | undefined = this.node.attributes[name]
      const spec = this.spec(name)
      if (value === undefined || !spec) return []
      const option = this.around.option(spec)
      if (!option && JSON.stringify(value) === JSON.stringify(spec.default)) return []
      return [{ name: camelCase(name), value: option ? variable(option) : source(attributeCode(value)) }]
    })
    return fields.length === 0 ? undefined : { kind: 'object', fields }
  }

  genericRuntime(name: string, ...given: readonly (Expression | undefined)[]): CallExpression {
    return { ...this.runtime(name, ...given), generic: true }
  }

  runtime(name: string, ...given: readonly (Expression | undefined)[]): CallExpression {
    return callOf('runtime', name, ...given)
  }

  tf(name: string, ...given: readonly (Expression | undefined)[]): CallExpression {
    return callOf('tf', name, ...given)
  }

  private spec(argument: string): ArgumentSpec | undefined {
    return operationNamed(this.node.operation).arguments.find(({ name }) => name === argument)
  }

  private values(argument: string): ValueRef[] {
    return this.node.inputs.flatMap((input) => (input.argument === argument ? [input.value] : []))
  }

  /** The order in which the call reads the operand; undefined where it has no rank of 4. */
  private layout(argument: string): StorageLayout | undefined {
    const stored = this.around.layouts.of(elementAt(this.values(argument), 0))
    const read = this.around.layouts.readBy(this.node)
    return stored === undefined || read === 'any' ? stored : read
  }

  private outputLayout(): StorageLayout | undefined {
    return this.around.layouts.of({ node: this.node.id, output: 0 })
  }
}

function sizesOf({ shape }: TensorType): readonly number[] {
  return shape.map(({ size }) => size ?? -1)
}
