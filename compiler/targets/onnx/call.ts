import { elementAt, present } from '../../../grammar/present.js'
import type { Graph, Node, ValueRef } from '../../graph/graph.js'
import { TypedCall } from '../../ops/support/typed.js'
import { inputTypes } from '../input_types.js'
import type { OnnxCall, OnnxLoop } from './lowering.js'
import type { OnnxAttribute, OnnxElement } from './program.js'
import type { OnnxProgramBuilder } from './program_builder.js'

/** One node of our graph, as its operation sees it while it writes ONNX. */
export class NodeCall extends TypedCall implements OnnxCall {
  constructor(
    private readonly node: Node,
    graph: Graph,
    private readonly builder: OnnxProgramBuilder,
    private readonly nameOf: (value: ValueRef) => string,
    /** The name of the call's last node, and the prefix of its other nodes' names. */
    private readonly path: string,
    readonly portable = false,
  ) {
    super(node.operation, inputTypes(node, graph), node.attributes, 'inference')
  }

  get opset(): number {
    return this.builder.opset
  }

  input(argument: string): string {
    return elementAt(this.inputs(argument), 0)
  }

  inputs(argument: string): readonly string[] {
    return this.node.inputs.flatMap((input) => (input.argument === argument ? [this.nameOf(input.value)] : []))
  }

  parameter(role: string): string {
    return present(this.node.parameters[role], role)
  }

  outputSizes(index = 0): readonly (number | undefined)[] {
    return this.node.outputs[index]?.shape.map(({ size }) => size) ?? []
  }

  add(
    operator: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    step?: string,
  ): string {
    return elementAt(this.addAll(operator, inputs, attributes, [step]), 0)
  }

  addAll(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> | undefined,
    steps: readonly (string | undefined)[],
  ): readonly string[] {
    const outputs = steps.map((step) => (step === undefined ? this.path : this.builder.free(`${this.path}/${step}`)))
    this.builder.add(operator, inputs, outputs, attributes)
    return outputs
  }

  cast(value: string, element: OnnxElement, step?: string): string {
    return this.add('Cast', [value], { to: { element } }, step)
  }

  float(values: number | readonly number[], shape?: readonly number[]): string {
    return this.builder.floats(values, shape)
  }

  int64(values: number | readonly number[], shape?: readonly number[]): string {
    return this.builder.integers(values, shape)
  }

  bool(value: boolean): string {
    return this.builder.boolean(value)
  }

  setting(argument: string): string {
    return this.builder.setting(`${this.path}/${argument}`, argument, this.number(argument))
  }

  loop({ step, rounds, settledAfter = rounds, initial, body }: OnnxLoop): readonly string[] {
    const prefix = `${this.path}/${step}`
    if (!this.portable) {
      const graph = this.builder.body(`${prefix}/round`, body)
      const steps = graph.outputs.slice(1).map((_, index) => (index === 0 ? step : `${step}_${index}`))
      return this.addAll('Loop', [this.int64(rounds), this.bool(true), ...initial], { body: { graph } }, steps)
    }
    let replaced = initial
    const stacked: string[][] = []
    for (let round = 0; round < Math.min(rounds, settledAfter); round++) {
      const given = [this.int64(round), this.bool(true), ...replaced]
      const [, ...outputs] = this.builder.inline(`${prefix}/round_${round}`, given, body)
      replaced = outputs.slice(0, initial.length)
      for (const [index, output] of outputs.slice(initial.length).entries())
        stacked[index] = [
          ...(stacked[index] ?? []),
          this.add('Unsqueeze', [output, this.int64([0])], {}, `${step}/round_${round}/layer`),
        ]
    }
    return [
      ...replaced,
      ...stacked.map((layers, index) => this.add('Concat', layers, { axis: 0 }, `${step}/stacked_${index}`)),
    ]
  }
}
