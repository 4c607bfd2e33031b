import { elementAt, present } from '../../../grammar/present.js'
import { type Attribute, type Graph, type Node, type TensorType, typeOf, type ValueRef } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { ArgumentSpec } from '../../ops/operation.js'
import { attributeCode } from './attributes.js'
import { type CallExpression, callOf, type Expression, type Field, source, variable } from './expression.js'
import { camelCase } from './file_identifiers.js'
import type { TfjsCall } from './lowering.js'

/** The context that the surrounding function provides. */
export interface Rendered {
  readonly graph: Graph
  readonly input: (value: ValueRef) => Expression
  readonly scope: Expression
  /** The function's own argument that carries this attribute, where calls differ in it. */
  readonly option: (spec: ArgumentSpec) => string | undefined
}

/** One node, as its operation sees it while it writes TensorFlow.js code. */
export class NodeCall implements TfjsCall {
  readonly at = variable('at')

  constructor(
    private readonly node: Node,
    private readonly around: Rendered,
  ) {}

  input(argument: string): Expression {
    return elementAt(this.inputs(argument), 0)
  }

  inputs(argument: string): readonly Expression[] {
    return this.values(argument).map(this.around.input)
  }

  has(argument: string): boolean {
    return this.values(argument).length > 0
  }

  rank(argument: string): number {
    return this.type(argument).shape.length
  }

  sizes(argument: string): readonly number[] {
    return channelsLast(this.type(argument))
  }

  outputSizes(): readonly number[] {
    return channelsLast(elementAt(this.node.outputs, 0))
  }

  scope(): Expression {
    return this.around.scope
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

  private type(argument: string): TensorType {
    return typeOf(this.around.graph, elementAt(this.values(argument), 0))
  }
}

function channelsLast({ shape }: TensorType): number[] {
  const sizes = shape.map(({ size }) => size ?? -1)
  const [batch, channels, height, width] = sizes
  if (
    sizes.length !== 4 ||
    batch === undefined ||
    channels === undefined ||
    height === undefined ||
    width === undefined
  )
    return sizes
  return [batch, height, width, channels]
}
