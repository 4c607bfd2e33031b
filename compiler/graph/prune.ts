import { elementAt, present } from '../../grammar/present.js'
import { type Frame, type Graph, type NamedValue, type Node, trainingInputs, type ValueRef } from './graph.js'

/**
 * Needs: a complete graph. Leaves: only nodes that some root needs, renumbered, and only their parameters. The inputs remain. Removes unused parts of
 * blocks, such as an auxiliary head or a backbone's classifier.
 */
export function prune(graph: Graph, roots: readonly ValueRef[]): Graph {
  const inputs = trainingInputs(graph).map(({ value }) => value)
  const live = reachable(graph.nodes, [...roots, ...inputs])
  if (graph.nodes.every(({ id }, index) => id === index && live.has(id)))
    return { ...graph, parameters: usedParameters(graph, graph.nodes) }
  const numbers = new Map<number, number>()
  for (const node of graph.nodes) if (live.has(node.id)) numbers.set(node.id, numbers.size)
  const moved = (value: ValueRef): ValueRef => ({
    node: present(numbers.get(value.node), 'a node that is kept'),
    output: value.output,
  })
  const alive = (value: ValueRef) => live.has(value.node)
  const named = <T extends NamedValue>(values: readonly T[]) =>
    values.filter(({ value }) => alive(value)).map((item) => ({ ...item, value: moved(item.value) }))
  const nodes = graph.nodes
    .filter(({ id }) => live.has(id))
    .map(
      (node): Node => ({
        ...node,
        id: moved({ node: node.id, output: 0 }).node,
        inputs: node.inputs.map(({ argument, value }) => ({ argument, value: moved(value) })),
      }),
    )
  const crops = graph.crops
    .filter(({ box }) => alive(box))
    .map(({ names, box, guide }) => ({ names, box: moved(box), guide: moved(guide) }))
  return {
    ...graph,
    nodes,
    frames: graph.frames.map((frame) => moveFrame(frame, numbers, alive, moved)),
    parameters: usedParameters(graph, nodes),
    image: { ...graph.image, value: moved(graph.image.value) },
    labels: graph.labels.map((label) => ({ ...label, value: moved(label.value) })),
    views: graph.views.map((view) => ({ ...view, value: moved(view.value) })),
    ...(graph.features && { features: graph.features.map((one) => ({ ...one, value: moved(one.value) })) }),
    label: graph.label && { ...graph.label, value: moved(graph.label.value) },
    losses: named(graph.losses),
    predictions: named(graph.predictions),
    logits: named(graph.logits),
    early: named(graph.early),
    crops,
  }
}

function usedParameters({ parameters }: Graph, nodes: readonly Node[]): Graph['parameters'] {
  const used = new Set<string>()
  for (const node of nodes) for (const name of Object.values(node.parameters)) used.add(name)
  if (used.size === parameters.size) return parameters
  return new Map([...parameters].filter(([name]) => used.has(name)))
}

/** Nodes, by their numbers. */
export interface NodeSet {
  has(id: number): boolean
}

/** Nodes that the roots depend on. */
export function reachable(nodes: readonly Node[], roots: readonly ValueRef[]): NodeSet {
  const live = new Uint8Array(nodes.length)
  for (const { node } of roots) live[node] = 1
  // Nodes are in topological order, so one pass from the last to the first finds all.
  for (let id = nodes.length - 1; id >= 0; id--)
    if (live[id] === 1) for (const { value } of elementAt(nodes, id).inputs) live[value.node] = 1
  return { has: (id) => live[id] === 1 }
}

function moveFrame(
  frame: Frame,
  numbers: ReadonlyMap<number, number>,
  alive: (value: ValueRef) => boolean,
  moved: (value: ValueRef) => ValueRef,
): Frame {
  const { result, ...rest } = frame
  const items = frame.items.flatMap((item): Frame['items'] => {
    if ('frame' in item) return [item]
    const node = numbers.get(item.node)
    return node === undefined ? [] : [{ node }]
  })
  return {
    ...rest,
    items,
    inputs: frame.inputs.filter(({ value }) => alive(value)).map(({ name, value }) => ({ name, value: moved(value) })),
    ...(result && alive(result) && { result: moved(result) }),
  }
}
