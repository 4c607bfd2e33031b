import { elementAt, present } from '../../grammar/present.js'
import {
  type Frame,
  type Graph,
  type Node,
  ownerPath,
  sameValue,
  trainingInputs,
  type ValueRef,
} from '../graph/graph.js'
import { answers } from '../graph/phase.js'
import type { NodeSet } from '../graph/prune.js'
import { operationNamed } from '../ops/index.js'

export type Item = { readonly node: Node } | { readonly frame: Frame }

/** The nesting of calls of blocks, and the inputs and outputs of each, from which functions are generated. */
export class Structure {
  private readonly itemLists = new Map<number, readonly Item[]>()
  private readonly keys = new Map<number, string>()
  private readonly inputLists = new Map<number, readonly ValueRef[]>()
  private readonly outputLists = new Map<number, readonly ValueRef[]>()

  /** @param codeOf the code of a node without that of its operands; calls of a block are served together only where it is the same */
  constructor(
    readonly graph: Graph,
    private readonly codeOf: (node: Node) => string,
  ) {
    this.findOutputs()
  }

  frame(id: number): Frame {
    return elementAt(this.graph.frames, id)
  }

  node(id: number): Node {
    return elementAt(this.graph.nodes, id)
  }

  /** Nodes and calls of the frame, without empty calls and without the model's inputs. */
  items(frame: Frame): readonly Item[] {
    const known = this.itemLists.get(frame.id)
    if (known) return known
    const items = frame.items.flatMap((item): Item[] => {
      if ('node' in item) {
        const node = this.node(item.node)
        return this.isInput(node) ? [] : [{ node }]
      }
      const inner = this.frame(item.frame)
      return this.items(inner).length > 0 ? [{ frame: inner }] : []
    })
    this.itemLists.set(frame.id, items)
    return items
  }

  /** Tells the items that compute some of these nodes. */
  computing(nodes: NodeSet): (item: Item) => boolean {
    return (item) => this.nodesOf(item).some((id) => nodes.has(id))
  }

  /** Every node in an item, those of inner calls included. */
  nodesOf(item: Item): readonly number[] {
    return 'node' in item ? [item.node.id] : this.items(item.frame).flatMap((inner) => this.nodesOf(inner))
  }

  isInput(node: Node): boolean {
    return trainingInputs(this.graph).some(({ value }) => value.node === node.id)
  }

  /** Values from outside that the frame uses, those of its own parameters first. */
  inputs(frame: Frame): readonly ValueRef[] {
    const known = this.inputLists.get(frame.id)
    if (known) return known
    const used: ValueRef[] = []
    const take = (value: ValueRef) => {
      if (!this.inside(value, frame) && !used.some((other) => sameValue(other, value))) used.push(value)
    }
    for (const item of this.items(frame)) {
      if ('node' in item) for (const { value } of item.node.inputs) take(value)
      else for (const value of this.inputs(item.frame)) take(value)
    }
    const declared = frame.inputs
      .map(({ value }) => value)
      .filter((value) => used.some((other) => sameValue(other, value)))
    const order = [...declared, ...used].filter(
      (value, index, all) => all.findIndex((other) => sameValue(other, value)) === index,
    )
    this.inputLists.set(frame.id, order)
    return order
  }

  /** Values made in the frame that something outside of it uses. */
  outputs(frame: Frame): readonly ValueRef[] {
    return this.outputLists.get(frame.id) ?? []
  }

  /** Whether the value is made in the frame or in a call in it. */
  inside(value: ValueRef, frame: Frame): boolean {
    return this.childOf(value, frame) !== undefined
  }

  /** The frame directly in `frame` in which the value is made, or `frame` itself. */
  childOf(value: ValueRef, frame: Frame): Frame | undefined {
    let at: Frame = this.frame(this.node(value.node).frame)
    let below = at
    while (at.id !== frame.id) {
      if (at.parent === undefined) return undefined
      below = at
      at = this.frame(at.parent)
    }
    return below
  }

  /** Names a value by its position in the frame, so that two calls of one block can be compared. */
  standing(value: ValueRef, frame: Frame): string {
    const child = this.childOf(value, frame)
    if (!child) return `in${this.inputs(frame).findIndex((other) => sameValue(other, value))}`
    const items = this.items(frame)
    if (child.id === frame.id)
      return `${items.findIndex((item) => 'node' in item && item.node.id === value.node)}.${value.output}`
    return `${items.findIndex((item) => 'frame' in item && item.frame.id === child.id)}/${this.standing(value, child)}`
  }

  /** The value that stands at such a place in another call of the same structure. */
  at(place: string, frame: Frame): ValueRef {
    if (place.startsWith('in')) return elementAt(this.inputs(frame), Number(place.slice(2)))
    const item = elementAt(this.items(frame), Number.parseInt(place, 10))
    if ('frame' in item) return this.at(place.slice(place.indexOf('/') + 1), item.frame)
    return { node: item.node.id, output: Number(place.slice(place.indexOf('.') + 1)) }
  }

  /** The node at a place among the items of a frame, where another call of the same structure has one. */
  nodeAt(index: number, frame: Frame): Node {
    const item = elementAt(this.items(frame), index)
    return present('node' in item ? item.node : undefined, `a node at ${index}`)
  }

  /** The call at a place among the items of a frame, where another call of the same structure has one. */
  callAt(index: number, frame: Frame): Frame {
    const item = elementAt(this.items(frame), index)
    return present('frame' in item ? item.frame : undefined, `a call at ${index}`)
  }

  /** Equal for calls that one function can serve: the same operations, wired alike, up to arguments that may vary. */
  key(frame: Frame): string {
    const known = this.keys.get(frame.id)
    if (known) return known
    const items = this.items(frame).map((item) =>
      'node' in item ? this.nodeKey(item.node, frame) : this.callKey(item.frame, frame),
    )
    const key = [frame.kind, frame.definition, ...items].join('\n')
    this.keys.set(frame.id, key)
    return key
  }

  private nodeKey(node: Node, frame: Frame): string {
    const specs = new Map(operationNamed(node.operation).arguments.map((spec) => [spec.name, spec]))
    const fixed = Object.entries(node.attributes).filter(
      ([name]) => !specs.get(name)?.varies && !specs.get(name)?.weightsOnly,
    )
    const varying = Object.keys(node.attributes).filter((name) => specs.get(name)?.varies)
    const inputs = node.inputs.map(({ argument, value }) => `${argument}=${this.standing(value, frame)}`)
    const ranks = node.outputs.map(({ shape }) => shape.length)
    return JSON.stringify([
      node.operation,
      inputs,
      fixed,
      varying,
      this.scopePath(node, frame),
      node.local,
      ranks,
      this.codeOf(node),
    ])
  }

  private callKey(call: Frame, frame: Frame): string {
    const inputs = this.inputs(call).map((value) => this.standing(value, frame))
    return JSON.stringify([this.key(call), inputs, relative(call.parameterPath, frame.parameterPath), call.local])
  }

  /** The path of a node's parameters relative to the frame; undefined if it has none. */
  scopePath(node: Node, frame: Frame): string | undefined {
    const [entry] = Object.entries(node.parameters)
    if (!entry) return undefined
    const [role, name] = entry
    return relative(ownerPath(name, role), frame.parameterPath)
  }

  private findOutputs(): void {
    const graph = this.graph
    const users: [ValueRef, number][] = graph.nodes.flatMap((node) =>
      node.inputs.map(({ value }): [ValueRef, number] => [value, node.frame]),
    )
    for (const value of [...answers(graph), ...graph.losses.map((loss) => loss.value)]) users.push([value, 0])
    for (const [value, user] of users) {
      const around = new Set<number>()
      for (let id: number | undefined = user; id !== undefined; id = this.frame(id).parent) around.add(id)
      // It is also an output of every frame between its own and the one that contains the user.
      for (
        let id: number | undefined = this.node(value.node).frame;
        id !== undefined && !around.has(id);
        id = this.frame(id).parent
      ) {
        const list = this.outputLists.get(id) ?? []
        if (!list.some((other) => sameValue(other, value))) this.outputLists.set(id, [...list, value])
      }
    }
  }
}

/** A path seen from another: `conv.bn`, empty for the same, with a leading `/` when it lies elsewhere. */
export function relative(path: readonly string[], from: readonly string[]): string {
  const below = from.every((part, index) => path[index] === part)
  return below ? path.slice(from.length).join('.') : `/${path.join('.')}`
}
