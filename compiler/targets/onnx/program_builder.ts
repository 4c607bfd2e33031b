import { elementAt } from '../../../grammar/present.js'
import type {
  OnnxAttribute,
  OnnxConstant,
  OnnxElement,
  OnnxNode,
  OnnxStepSource,
  OnnxSubgraph,
  OnnxValue,
} from './program.js'
import { ValueNames } from './value_names.js'

/** The nodes and constants of an ONNX graph under construction. */
export class OnnxProgramBuilder {
  readonly nodes: OnnxNode[] = []
  readonly constants = new Map<string, OnnxConstant>()
  private readonly constantNames = new Map<string, string>()
  private readonly names: ValueNames
  /** The node of our graph for which nodes are being added. */
  origin: number | undefined
  /** The image step for which nodes are being added. */
  step: OnnxStepSource | undefined

  /** Operators differ a little from one opset to the next: GridSample's modes have other names from 20 on. */
  constructor(
    readonly opset: number,
    /** Names that are not available for new values. */
    reserved: Iterable<string> = [],
  ) {
    this.names = new ValueNames(reserved)
  }

  /** @returns the name, or the first free one after it */
  free(wanted: string): string {
    return this.names.free(wanted)
  }

  /** Adds a node whose outputs are called `outputs`; the node itself carries the first one's name. */
  add(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    this.nodes.push(nodeOf(operator, inputs, outputs, attributes, this))
  }

  floats(values: number | readonly number[], shape?: readonly number[]): string {
    return this.constant('float', values, shape)
  }

  integers(values: number | readonly number[], shape?: readonly number[]): string {
    return this.constant('int64', values, shape)
  }

  /** A number that is stored under a name of its own, whatever other constants there are: an argument of the current node. */
  setting(name: string, argument: string, value: number): string {
    const free = this.free(name)
    const holds = this.origin === undefined ? {} : { holds: { origin: this.origin, argument } }
    this.constants.set(free, { name: free, element: 'float', shape: [], values: [value], ...holds })
    return free
  }

  boolean(value: boolean): string {
    return this.constant('bool', Number(value), [])
  }

  /** Equal small constants are stored once. */
  private constant(
    element: OnnxElement,
    values: number | readonly number[],
    given: readonly number[] | undefined,
  ): string {
    const list = typeof values === 'number' ? [values] : values
    const shape = given ?? (typeof values === 'number' ? [] : [list.length])
    const key = `${element}[${shape.join()}]${list.join()}`
    const known = this.constantNames.get(key)
    if (known) return known
    const text = list.length <= 4 ? list.join('_') : `${this.constants.size}`
    const name = this.free(`constant/${element}_${shape.length === 0 ? '' : `${shape.join('x')}_`}${text}`)
    this.constantNames.set(key, name)
    this.constants.set(name, { name, element, shape, values: list })
    return name
  }

  /** Adds the nodes of a body in place, with values for its inputs; returns the names of its outputs. */
  inline(prefix: string, inputs: readonly string[], build: (body: OnnxBody) => void): readonly string[] {
    const body = new InlineBody(prefix, inputs, this)
    build(body)
    return body.outputs
  }

  body(prefix: string, build: (body: OnnxBody) => void): OnnxSubgraph {
    const body = new BodyBuilder(prefix, this.origin, this.names)
    build(body)
    return body.finish()
  }
}

/** A subgraph under construction. Dimensions are numbers or symbols. */
export interface OnnxBody {
  /** Gives the name by which the body's nodes use it. */
  input(name: string, element: OnnxElement, shape: readonly (number | string)[]): string
  /** `name` is what `add` gave. */
  output(name: string, element: OnnxElement, shape: readonly (number | string)[]): void
  add(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string
  cast(value: string, element: OnnxElement, output: string): string
}

class InlineBody implements OnnxBody {
  readonly outputs: string[] = []
  private taken = 0

  constructor(
    private readonly prefix: string,
    private readonly inputs: readonly string[],
    private readonly builder: OnnxProgramBuilder,
  ) {}

  input(): string {
    return elementAt(this.inputs, this.taken++)
  }

  output(name: string): void {
    this.outputs.push(name)
  }

  add(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string {
    const full = this.builder.free(`${this.prefix}/${output}`)
    this.builder.add(operator, inputs, [full], attributes)
    return full
  }

  cast(value: string, element: OnnxElement, output: string): string {
    return this.add('Cast', [value], output, { to: { element } })
  }
}

class BodyBuilder implements OnnxBody {
  private readonly nodes: OnnxNode[] = []
  private readonly inputs: OnnxValue[] = []
  private readonly outputs: OnnxValue[] = []

  constructor(
    private readonly prefix: string,
    private readonly origin: number | undefined,
    private readonly names: ValueNames,
  ) {}

  input(name: string, element: OnnxElement, shape: readonly (number | string)[]): string {
    const full = this.names.free(`${this.prefix}/${name}`)
    this.inputs.push({ name: full, element, shape })
    return full
  }

  output(name: string, element: OnnxElement, shape: readonly (number | string)[]): void {
    this.outputs.push({ name, element, shape })
  }

  add(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    const full = this.names.free(`${this.prefix}/${output}`)
    this.nodes.push(nodeOf(operator, inputs, [full], attributes, { origin: this.origin }))
    return full
  }

  cast(value: string, element: OnnxElement, output: string): string {
    return this.add('Cast', [value], output, { to: { element } })
  }

  finish(): OnnxSubgraph {
    return { name: this.prefix, nodes: this.nodes, inputs: this.inputs, outputs: this.outputs }
  }
}

function nodeOf(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
  { origin, step }: { readonly origin: number | undefined; readonly step?: OnnxStepSource | undefined },
): OnnxNode {
  return {
    operator,
    name: elementAt(outputs, 0),
    inputs,
    outputs,
    attributes,
    ...(origin !== undefined && { origin }),
    ...(step !== undefined && { step }),
  }
}
