import { elementAt } from '../../grammar/present.js'
import { type Frame, type Graph, type Node, sameValue, type ValueRef } from '../graph/graph.js'
import { answers } from '../graph/phase.js'
import { type Selection, selectionsFor } from '../graph/skipping.js'

/**
 * Needs: a graph without losses. Leaves: what only the second prediction of a selection needs in a call of its own, from which generated code gets a
 * function; the selection calls it for the images that do not keep the first prediction.
 */
export function withSecondFrames(graph: Graph): Graph {
  return selectionsFor(graph, answers(graph)).reduce(withSecondFrame, graph)
}

/** Returns the call that computes a value, if that is the second prediction of a selection. */
export function secondFrame({ frames }: Graph, value: ValueRef): Frame | undefined {
  return frames.find(({ kind, result }) => kind === 'second' && result !== undefined && sameValue(result, value))
}

function withSecondFrame(graph: Graph, { node, second, skipped }: Selection): Graph {
  if (!skipped.has(second.node)) return graph
  const id = graph.frames.length
  const nodes: Node[] = [...graph.nodes]
  const frames: Frame[] = [...graph.frames]
  const kept: Frame['items'] = []
  const moved: Frame['items'] = []
  const model = elementAt(frames, 0)
  for (const item of model.items) {
    const isSelection = 'node' in item && item.node === node.id
    // A selection around this one finds the call among the items of the model, and moves it with its own.
    if (isSelection) kept.push({ frame: id })
    const own = nodesOf(frames, item).some((inner) => skipped.has(inner)) ? moved : kept
    own.push(item)
  }
  for (const item of moved)
    if ('node' in item) nodes[item.node] = { ...elementAt(nodes, item.node), frame: id }
    else frames[item.frame] = { ...elementAt(frames, item.frame), parent: id }
  frames[0] = { ...model, items: kept }
  frames.push({
    id,
    kind: 'second',
    definition: `second/${node.path.join('/')}`,
    path: [],
    parameterPath: [],
    parent: 0,
    inputs: [],
    items: moved,
    result: second,
    span: node.span,
  })
  return { ...graph, nodes, frames }
}

function nodesOf(frames: readonly Frame[], item: Frame['items'][number]): readonly number[] {
  if ('node' in item) return [item.node]
  return elementAt(frames, item.frame).items.flatMap((inner) => nodesOf(frames, inner))
}
