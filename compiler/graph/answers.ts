import type { Graph, NamedValue } from './graph.js'

/** Returns the outputs of an exported file, by their names and in their order: predictions, boxes and attention of each crop, which images kept a first prediction, logits of each branch. */
export function namedAnswers({
  predictions,
  crops,
  early,
  logits,
}: Pick<Graph, 'predictions' | 'crops' | 'early' | 'logits'>): NamedValue[] {
  return [
    ...predictions,
    ...cropAnswers(crops),
    ...early,
    ...logits.map(({ name, value }) => ({ name: `logits/${name}`, value })),
  ]
}

/** Returns the outputs that belong to crops. */
export function cropAnswers(crops: Graph['crops']): NamedValue[] {
  return crops.flatMap(({ names, box, guide }) => [
    { name: names.box, value: box },
    { name: names.guide, value: guide },
  ])
}
