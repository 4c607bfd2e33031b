import { elementAt } from '../../grammar/present.js'
import type { ValueProperty } from '../ops/operation.js'
import {
  type Graph,
  type LabelInput,
  type Meaning,
  type NamedValue,
  type Node,
  typeOf,
  type ValueRef,
} from './graph.js'
import type { NodeSet } from './prune.js'
import { producerOf, produces } from './value_properties.js'

type Nodes = Pick<Graph, 'nodes'>

/** Label inputs by which a prediction could be measured. */
export interface Ambiguous {
  readonly kind: 'ambiguous'
  readonly labels: readonly LabelInput[]
}

/** Which tensors the losses compare with which label input. */
export class Meanings {
  private readonly compared: ReadonlyMap<string, ReadonlySet<string>>

  constructor(
    private readonly graph: Nodes,
    private readonly labels: readonly LabelInput[],
  ) {
    const dependent = labels.map(({ value }) => dependents(graph.nodes, value.node))
    this.compared = new Map(
      labels.map(({ name, size }, index) => [name, this.comparedWith(elementAt(dependent, index), dependent, size)]),
    )
  }

  /**
   * Returns the meaning of a prediction. Rows of a label input's size are measured by it if they are probabilities (softmax for a class, sigmoid for
   * labels) or values. Of several label inputs that fit, it is the one that a loss compares the row with, or else the one with the prediction's name.
   */
  of({ name, value }: NamedValue): Meaning | Ambiguous {
    const size = rowSize(this.graph, value)
    if (size === undefined) return { kind: 'tensor' }
    const fitting = this.labels.filter((label) => label.size === size && this.isReadAs(label, value))
    const trained = fitting.filter((label) => this.trains(label, value))
    const others = fitting.filter((label) => label.kind !== 'Value' || label.name === name)
    const all = trained.length > 0 ? trained : others
    // A tensor of probabilities belongs to classes or labels, even where a Value input has its size as well.
    const probabilities = all.filter(({ kind }) => kind !== 'Value')
    const possible = probabilities.length > 0 ? probabilities : all
    const label = possible.length > 1 ? possible.find((one) => one.name === name) : possible[0]
    if (label) return { kind: kinds[label.kind], of: label.name }
    return possible.length > 1 ? { kind: 'ambiguous', labels: possible } : { kind: 'embedding' }
  }

  /** Returns the name of the Class input that logits belong to. */
  classOf(logits: ValueRef): string | undefined {
    const size = rowSize(this.graph, logits)
    const fitting = this.labels.filter((label) => label.kind === 'Class' && label.size === size)
    const trained = fitting.filter((label) => this.trains(label, logits))
    const possible = trained.length > 0 ? trained : fitting
    return possible.length === 1 ? possible[0]?.name : undefined
  }

  /** Whether a loss compares the row, or what it was computed from element by element, with the label. */
  trains({ name }: LabelInput, value: ValueRef): boolean {
    const compared = this.compared.get(name)
    return [...sameRows(this.graph, value)].some((key) => compared?.has(key))
  }

  private isReadAs({ kind }: LabelInput, value: ValueRef): boolean {
    if (kind === 'Value') return true
    const property: ValueProperty = kind === 'Class' ? 'probabilities' : 'from 0 to 1'
    if (producerOf(this.graph, value, property)) return true
    const nodes = new Set([...sameRows(this.graph, value)].map((key) => Number(key.split('.')[0])))
    return [...nodes].some((id) => produces(this.graph, elementAt(this.graph.nodes, id), property))
  }

  /** The rows of a size that meet the label in some operation and depend on no label. */
  private comparedWith(own: NodeSet, all: readonly NodeSet[], size: number): Set<string> {
    const found = new Set<string>()
    for (const { id, inputs } of this.graph.nodes) {
      if (!own.has(id)) continue
      for (const { value } of inputs)
        if (rowSize(this.graph, value) === size && !all.some((one) => one.has(value.node)))
          for (const key of sameRows(this.graph, value)) found.add(key)
    }
    return found
  }
}

const kinds = { Class: 'classes', Labels: 'labels', Value: 'values' } as const

/** The length of a row for each image; undefined for other tensors. */
function rowSize(graph: Nodes, value: ValueRef): number | undefined {
  const { element, shape } = typeOf(graph, value)
  return element === 'float' && shape.length === 2 ? shape[1]?.size : undefined
}

/** The value and the rows of its length that it is computed from by operations without weights, as keys. */
function sameRows(graph: Nodes, value: ValueRef): Set<string> {
  const size = rowSize(graph, value)
  const found = new Set<string>()
  const open = [value]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const key = `${one.node}.${one.output}`
    if (found.has(key)) continue
    found.add(key)
    const { inputs, parameters } = elementAt(graph.nodes, one.node)
    if (Object.keys(parameters).length > 0) continue
    for (const input of inputs) if (rowSize(graph, input.value) === size) open.push(input.value)
  }
  return found
}

/** The node and all that depend on it; nodes come after what they use. */
function dependents(nodes: readonly Node[], from: number): NodeSet {
  const found = new Uint8Array(nodes.length)
  found[from] = 1
  for (const { id, inputs } of nodes) if (inputs.some(({ value }) => found[value.node] === 1)) found[id] = 1
  return { has: (id) => found[id] === 1 }
}
