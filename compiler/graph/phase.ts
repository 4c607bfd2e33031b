import { operations } from '../ops/index.js'
import { namedAnswers } from './answers.js'
import { type Graph, type Node, type Phase, settle, type ValueRef } from './graph.js'
import { prune, reachable } from './prune.js'

/**
 * Needs: the graph of a model for both phases. Leaves: the graph of one of them. For inference, no dropout, loss or batch statistic remains that
 * could be exported by accident.
 */
export function specialise(graph: Graph, phase: Phase): Graph {
  const connected = phase === 'inference' ? withoutIdentities(graph) : graph
  const nodes = connected.nodes.map((node): Node => {
    const attributes = settled(node.attributes, phase)
    return attributes === node.attributes ? node : { ...node, attributes }
  })
  const whole: Graph = { ...connected, nodes }
  return prune(whole, phase === 'training' ? rootsOf(whole) : answers(whole))
}

/** Leaves: no use of a node that is the identity on one of its inputs in inference. The unused nodes remain. */
export function withoutIdentities(graph: Graph): Graph {
  const passed = passThrough(graph.nodes)
  const follow = (value: ValueRef): ValueRef => {
    const through = passed.get(value.node)
    return through ? follow(through) : value
  }
  const named = <T extends { readonly value: ValueRef }>(values: readonly T[]) =>
    values.map((item) => ({ ...item, value: follow(item.value) }))
  const nodes = graph.nodes.map((node): Node => {
    if (!node.inputs.some(({ value }) => passed.has(value.node))) return node
    const inputs = node.inputs.map(({ argument, value }) => ({ argument, value: follow(value) }))
    return { ...node, inputs }
  })
  return {
    ...graph,
    nodes,
    crops: graph.crops.map((crop) => ({ ...crop, guide: follow(crop.guide) })),
    losses: named(graph.losses),
    predictions: named(graph.predictions),
    logits: named(graph.logits),
    early: named(graph.early),
  }
}

/** The outputs of a trained model. */
export function answers(graph: Graph): ValueRef[] {
  return namedAnswers(graph).map(({ value }) => value)
}

/** The graph without its losses and what only they need: such as a projection head, which inference does not need. */
export function withoutLosses(graph: Graph): Graph {
  return prune({ ...graph, losses: [] }, answers(graph))
}

/**
 * Removes the logits of branches that the predictions do not need (such as a teacher, or a classifier that was not chosen): they would take another
 * forward pass.
 */
export function withUsedLogits(graph: Graph): Graph {
  const used = reachable(
    graph.nodes,
    graph.predictions.map(({ value }) => value),
  )
  const branches = new Set<string | undefined>()
  for (const { id, path } of graph.nodes) if (used.has(id)) branches.add(path[0])
  return { ...graph, logits: graph.logits.filter(({ name }) => branches.has(name)) }
}

/** The outputs that training needs: the losses, and the predictions that it monitors. */
export function rootsOf(graph: Graph): ValueRef[] {
  return [...graph.losses.map(({ value }) => value), ...answers(graph)]
}

/** Nodes that are the identity on one of their inputs in inference. */
function passThrough(nodes: readonly Node[]): Map<number, ValueRef> {
  const passed = new Map<number, ValueRef>()
  for (const node of nodes) {
    const argument = operations.get(node.operation)?.semantics?.identityInInference
    const input = argument === undefined ? undefined : node.inputs.find((candidate) => candidate.argument === argument)
    if (input) passed.set(node.id, input.value)
  }
  return passed
}

/** The attributes of one phase; the same object if none of them depends on the phase. */
function settled(attributes: Node['attributes'], phase: Phase): Node['attributes'] {
  if (Object.values(attributes).every((value) => settle(value, phase) === value)) return attributes
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, settle(value, phase)]))
}
