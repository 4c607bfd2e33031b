import { elementAt } from '../../grammar/present.js'
import { operations } from '../ops/index.js'
import { elementsPerImage } from '../ops/support/shapes.js'
import {
  type Graph,
  isOfPairs,
  type NamedValue,
  type Node,
  ownerPath,
  type ParameterGroup,
  sameValue,
  settle,
  type TensorType,
  typeOf,
  type ValueRef,
} from './graph.js'
import { rootsOf } from './phase.js'
import { prune, reachable } from './prune.js'

/** A part of a model that computes the same for an image in every epoch while it is frozen. */
export interface FrozenPart {
  /** The graph from images, or the next part's features, to its own features, which are its predictions. */
  readonly graph: Graph
  /** The same part, starting from images. */
  readonly whole: Graph
  /** The number of whole epochs from the start in which it is frozen. */
  readonly epochs: number | 'all'
}

export interface PartedGraph {
  /** The graph from the first part's features, and inputs, to predictions and losses. */
  readonly head: Graph
  /** In the order in which they are unfrozen: each but the last reads the features of the next one, which stays frozen longer. */
  readonly parts: readonly FrozenPart[]
}

/**
 * Splits the frozen parts off a graph. A part holds the nodes that depend on images only, through frozen weights, without labels, random numbers, or
 * other images of the batch. Its features are its values that the rest of the model reads.
 *
 * @param nameOf returns a unique name for a value with this path
 */
export function splitFrozen(graph: Graph, nameOf: (path: readonly string[]) => string): PartedGraph {
  const parts: FrozenPart[] = []
  let head: Graph | undefined
  let rest = graph
  for (const epochs of frozenEpochs(graph.plan.groups)) {
    const features = featuresOf(rest, epochs)
    if (features.length === 0) break
    const last = parts.at(-1)
    if (last && features.every((value) => isPrediction(last.whole, value))) {
      // All of the part stays frozen for longer.
      parts[parts.length - 1] = { ...last, epochs }
      continue
    }
    const named = features.map((value) => ({ name: nameOf(pathOf(rest, value)), value }))
    const whole = featureGraph(rest, named)
    const remaining = replaceBy(rest, named)
    if (last) parts[parts.length - 1] = { ...last, graph: remaining }
    else head = remaining
    parts.push({ graph: whole, whole, epochs })
    rest = whole
  }
  return { head: head ?? graph, parts }
}

/** Whether a graph computes anything from the image or a view of it. */
export function readsImages(graph: Graph): boolean {
  const inputs = [graph.image, ...graph.views]
  const read = (value: ValueRef) => inputs.some((input) => sameValue(input.value, value))
  return rootsOf(graph).some(read) || graph.nodes.some((node) => node.inputs.some(({ value }) => read(value)))
}

/** The numbers of whole epochs after which some group is no longer frozen, in ascending order. */
function frozenEpochs(groups: readonly ParameterGroup[]): readonly (number | 'all')[] {
  const numbers = groups.flatMap(({ frozen }) => (frozen === 'all' ? [] : [Math.floor(frozen)]))
  const all = groups.some(({ frozen }) => frozen === 'all')
  return [
    ...[...new Set(numbers)].filter((epochs) => epochs > 0).sort((a, b) => a - b),
    ...(all ? ['all' as const] : []),
  ]
}

/** Returns what the rest of the model needs of the nodes that are frozen for so many epochs. */
function featuresOf(graph: Graph, epochs: number | 'all'): readonly ValueRef[] {
  const cacheable = cacheableNodes(graph, epochs)
  const isFeature = ({ node }: ValueRef) => cacheable.kinds[node] === 'weighted'
  const live = reachable(graph.nodes, rootsOf(graph))
  const wanted = graph.nodes
    .filter(({ id }) => live.has(id) && cacheable.kinds[id] === undefined)
    .flatMap(({ inputs }) => inputs.map(({ value }) => value))
  const features = distinct([...rootsOf(graph), ...wanted].filter(isFeature))
  return smaller(graph, features, isFeature)
}

/**
 * How each node depends on images: `weighted` through frozen weights, `plain` without weights, `shared` not at all. Undefined where the
 * value changes with training.
 */
function cacheableNodes(
  graph: Graph,
  epochs: number | 'all',
): { readonly kinds: readonly ('weighted' | 'plain' | 'shared' | undefined)[] } {
  const { groups } = graph.plan
  const isFrozen = (path: string) => {
    const [innermost] = groups
      .filter((group) => path.startsWith(`${group.path}.`))
      .sort((a, b) => b.path.length - a.path.length)
    return innermost !== undefined && frozenFor(innermost, epochs)
  }
  const images = [graph.image, ...graph.views].map(({ value }) => value.node)
  const kinds: ('weighted' | 'plain' | 'shared' | undefined)[] = []
  for (const node of graph.nodes) {
    const before = node.inputs.map(({ value }) => kinds[value.node])
    if (images.includes(node.id)) kinds.push('plain')
    else if (!computesAlike(graph, node, isFrozen) || before.includes(undefined)) kinds.push(undefined)
    else {
      const weighted = Object.keys(node.parameters).length > 0 && before.some((kind) => kind !== 'shared')
      kinds.push(weighted || before.includes('weighted') ? 'weighted' : before.includes('plain') ? 'plain' : 'shared')
    }
  }
  return { kinds }
}

function frozenFor({ frozen }: ParameterGroup, epochs: number | 'all'): boolean {
  return frozen === 'all' || (epochs !== 'all' && frozen >= epochs)
}

/** Whether a node computes the same for equal operands in every epoch, for each image by itself. */
function computesAlike(graph: Graph, node: Node, isFrozen: (path: string) => boolean): boolean {
  const operation = operations.get(node.operation)
  if (!operation || operation.semantics?.mixesImages || !node.outputs.every(isPerImage)) return false
  const parameters = Object.entries(node.parameters)
  if (parameters.some(([, name]) => !isFrozen(name) || graph.parameters.get(name)?.average)) return false
  const [owner] = parameters
  const scope = owner ? ownerPath(owner[1], owner[0]) : elementAt(graph.frames, node.frame).parameterPath
  // In a frozen part nothing is drawn: it runs in inference mode.
  if (isFrozen(`${scope.join('.')}.`)) return true
  return operation.semantics?.random !== true && !Object.values(node.attributes).some(isDrawn)
}

function isDrawn(attribute: Node['attributes'][string]): boolean {
  const settled = settle(attribute, 'training')
  return typeof settled === 'object' && 'kind' in settled
}

/** Whether an image's numbers do not depend on the batch that it is in. */
function isPerImage(type: TensorType): boolean {
  return type.element === 'float' && !isOfPairs(type)
}

/** Goes back from features to what they are computed from without weights, where that is smaller or is kept anyway. */
function smaller(
  graph: Graph,
  features: readonly ValueRef[],
  isFeature: (value: ValueRef) => boolean,
): readonly ValueRef[] {
  let kept = features
  for (const node of graph.nodes.toReversed()) {
    const own = kept.filter((value) => value.node === node.id)
    if (own.length === 0 || !isCheap(node)) continue
    const operands = distinct(node.inputs.map(({ value }) => value))
    if (!operands.every(isFeature)) continue
    const others = kept.filter((value) => !own.includes(value))
    const added = operands.filter((value) => !others.some((other) => sameValue(other, value)))
    if (elementsOf(graph, added) < elementsOf(graph, own)) kept = [...others, ...added]
  }
  return kept
}

/** Whether a node can be computed again in each epoch: no weights, and no products. */
function isCheap(node: Node): boolean {
  return Object.keys(node.parameters).length === 0 && operations.get(node.operation)?.typing.multiplyAdds === undefined
}

function elementsOf(graph: Graph, values: readonly ValueRef[]): number {
  return values.reduce((sum, value) => sum + elementsPerImage(typeOf(graph, value)), 0)
}

function distinct(values: readonly ValueRef[]): readonly ValueRef[] {
  return values.filter((value, index) => values.findIndex((other) => sameValue(other, value)) === index)
}

function isPrediction({ predictions }: Graph, value: ValueRef): boolean {
  return predictions.some((prediction) => sameValue(prediction.value, value))
}

function pathOf(graph: Graph, { node, output }: ValueRef): readonly string[] {
  const { path, operation } = elementAt(graph.nodes, node)
  const name = operations.get(operation)?.outputs?.[output]
  return name === undefined ? path : [...path, name]
}

/** The graph from its inputs to the features. */
function featureGraph(graph: Graph, features: readonly NamedValue[]): Graph {
  const predictions = features.map((feature) => ({ ...feature, meaning: { kind: 'tensor' } as const }))
  const alone: Graph = { ...graph, losses: [], predictions, logits: [], crops: [], early: [] }
  return prune(alone, rootsOf(alone))
}

/** The graph with inputs in place of the features. */
function replaceBy(graph: Graph, features: readonly NamedValue[]): Graph {
  const count = features.length
  const moved = (value: ValueRef): ValueRef => {
    const index = features.findIndex((feature) => sameValue(feature.value, value))
    return index >= 0 ? { node: index, output: 0 } : { node: value.node + count, output: value.output }
  }
  const named = <T extends NamedValue>(values: readonly T[]) =>
    values.map((item) => ({ ...item, value: moved(item.value) }))
  const inputs = features.map(
    ({ name, value }, id): Node => ({
      id,
      operation: 'input',
      path: [name],
      inputs: [],
      attributes: {},
      parameters: {},
      outputs: [typeOf(graph, value)],
      frame: 0,
      span: elementAt(graph.nodes, value.node).span,
    }),
  )
  const nodes = graph.nodes.map(
    (node): Node => ({
      ...node,
      id: node.id + count,
      inputs: node.inputs.map(({ argument, value }) => ({ argument, value: moved(value) })),
    }),
  )
  const frames = graph.frames.map((frame) => ({
    ...frame,
    items: [
      ...(frame.id === 0 ? inputs.map(({ id }) => ({ node: id })) : []),
      ...frame.items.map((item) => ('node' in item ? { node: item.node + count } : item)),
    ],
    inputs: named(frame.inputs),
    ...(frame.result && { result: moved(frame.result) }),
  }))
  const replaced: Graph = {
    ...graph,
    nodes: [...inputs, ...nodes],
    frames,
    image: { ...graph.image, value: moved(graph.image.value) },
    labels: named(graph.labels),
    views: named(graph.views),
    features: inputs.map(({ id, path }) => ({ name: elementAt(path, 0), value: { node: id, output: 0 } })),
    label: graph.label && { ...graph.label, value: moved(graph.label.value) },
    losses: named(graph.losses),
    predictions: named(graph.predictions),
    logits: named(graph.logits),
    crops: graph.crops.map(({ names, box, guide }) => ({ names, box: moved(box), guide: moved(guide) })),
    early: named(graph.early),
  }
  return prune(replaced, rootsOf(replaced))
}
