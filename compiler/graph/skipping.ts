import { elementAt, present } from '../../grammar/present.js'
import { operations } from '../ops/index.js'
import type { Operation } from '../ops/operation.js'
import { type Graph, type NamedValue, type Node, trainingInputs, type ValueRef } from './graph.js'
import { reachable } from './prune.js'

/** A call that returns one of two predictions for each image, and the nodes that are skipped for images that keep the first one. */
export interface Selection {
  readonly node: Node
  readonly first: ValueRef
  readonly second: ValueRef
  /** Nodes that nothing but the second prediction needs: nodes of the model itself, and calls of branches and blocks as a whole. */
  readonly skipped: ReadonlySet<number>
}

type Selects = NonNullable<NonNullable<Operation['semantics']>['selects']>

/** Returns how the operation of a node selects between two predictions; undefined for one that does not. */
export function selectsOf({ operation }: Node): Selects | undefined {
  return operations.get(operation)?.semantics?.selects
}

/**
 * Returns the selections that the wanted values need, in the order of their nodes: a nested selection comes before the one that skips it. A selection
 * in a branch or block skips nothing, since its code is shared by all calls.
 */
export function selectionsFor(graph: Graph, wanted: readonly ValueRef[]): readonly Selection[] {
  const selecting = graph.nodes.filter((node) => selectsOf(node) !== undefined)
  if (selecting.length === 0) return []
  const live = reachable(graph.nodes, wanted)
  const items = new Items(graph)
  const inputs = new Set(trainingInputs(graph).map(({ value }) => value.node))
  return selecting.flatMap((node): Selection[] => {
    const selects = selectsOf(node)
    if (!selects || !live.has(node.id)) return []
    const [first, second] = [operand(node, selects.first), operand(node, selects.second)]
    if (node.frame !== 0) return [{ node, first, second, skipped: new Set() }]
    const kept = items.needed(wanted, { node: node.id, argument: selects.second })
    const all = items.needed(wanted)
    const skipped = graph.nodes.flatMap(({ id }) => {
      const item = items.of(id)
      return all.has(item) && !kept.has(item) && !inputs.has(id) ? [id] : []
    })
    return [{ node, first, second, skipped: new Set(skipped) }]
  })
}

/**
 * Leaves: no logits of a branch and no box of a crop that would have to be computed for every image although a selection skips them for some,
 * and an answer `early` for each selection that all images come to. A crop that is taken by a map of the first prediction keeps its box.
 */
export function withoutSkippedAnswers(graph: Graph): Graph {
  const selections = selectionsFor(
    graph,
    graph.predictions.map(({ value }) => value),
  )
  if (selections.length === 0) return graph
  const isSkipped = ({ node }: ValueRef) => selections.some(({ skipped }) => skipped.has(node))
  // A map without weights of its own costs no pass.
  const needsPass = (value: ValueRef) => {
    const needed = reachable(graph.nodes, [value])
    return graph.nodes.some(
      (node) => needed.has(node.id) && isSkipped({ node: node.id, output: 0 }) && hasWeights(node),
    )
  }
  const reached = selections.filter(({ node }) => !isSkipped({ node: node.id, output: 0 }))
  return {
    ...graph,
    logits: graph.logits.filter(({ value }) => !isSkipped(value)),
    crops: graph.crops.filter(({ guide }) => !needsPass(guide)),
    early: reached.map(({ node }, index): NamedValue => {
      const { early } = present(selectsOf(node), 'how a selection selects')
      return {
        name: index === 0 ? 'early' : `early/${node.path.join('/')}`,
        value: { node: node.id, output: early },
      }
    }),
  }
}

/** Returns the selection that a prediction is; undefined for any other prediction. */
export function selectionOf(graph: Graph, { value }: NamedValue): Selection | undefined {
  return selectionsFor(graph, [value]).find(({ node }) => node.id === value.node && value.output === 0)
}

/** Returns the graph with another threshold in the selection that is the prediction of this name. */
export function withThreshold(graph: Graph, prediction: string, sure: number): Graph {
  const value = graph.predictions.find(({ name }) => name === prediction)?.value
  const nodes = graph.nodes.map((node) => {
    const selects = node.id === value?.node ? selectsOf(node) : undefined
    return selects ? { ...node, attributes: { ...node.attributes, [selects.threshold]: sure } } : node
  })
  return { ...graph, nodes }
}

export function hasWeights({ parameters }: Node): boolean {
  return Object.keys(parameters).length > 0
}

export function operand(node: Node, argument: string): ValueRef {
  return present(node.inputs.find((input) => input.argument === argument)?.value, argument)
}

/** An operand that is left out of account. */
interface Cut {
  readonly node: number
  readonly argument: string
}

/** The nodes of the model itself, and each call of a branch or block as one item. */
class Items {
  private readonly numbers: readonly number[]
  private readonly inner = new Map<number, number[]>()

  constructor(private readonly graph: Graph) {
    this.numbers = graph.nodes.map((node) => this.find(node))
    for (const [id, item] of this.numbers.entries()) {
      const nodes = this.inner.get(item)
      if (nodes) nodes.push(id)
      else this.inner.set(item, [id])
    }
  }

  /** Returns the number of the item that a node is in. */
  of(node: number): number {
    return elementAt(this.numbers, node)
  }

  /** Returns the items that the values need. A call needs all that it takes. */
  needed(wanted: readonly ValueRef[], cut?: Cut): ReadonlySet<number> {
    const found = new Set<number>()
    const open = wanted.map(({ node }) => this.of(node))
    for (let item = open.pop(); item !== undefined; item = open.pop()) {
      if (found.has(item)) continue
      found.add(item)
      for (const id of present(this.inner.get(item), 'the nodes of an item'))
        for (const { argument, value } of elementAt(this.graph.nodes, id).inputs)
          if (cut?.node !== id || cut.argument !== argument) open.push(this.of(value.node))
    }
    return found
  }

  /** Calls are numbered behind the nodes. */
  private find(node: Node): number {
    if (node.frame === 0) return node.id
    let frame = elementAt(this.graph.frames, node.frame)
    while (frame.parent !== undefined && frame.parent !== 0) frame = elementAt(this.graph.frames, frame.parent)
    return this.graph.nodes.length + frame.id
  }
}
