import { elementAt } from '../../grammar/present.js'
import { mean } from './label_metrics.js'

/** The values of k for recall@k. */
export const recallDepths = [1, 2, 4, 8] as const

export interface RetrievalMetrics {
  readonly kind: 'embedding'
  /** The number of queries: images whose class has at least one other image. */
  readonly queries: number
  /** recall@k by k: the share of queries with an image of their class among the k nearest. */
  readonly recall: Readonly<Record<string, number>>
  /** Mean average precision over queries, with all other images ranked by similarity. */
  readonly mAP: number
}

/**
 * Returns how well embeddings retrieve images of the same class: each image is compared with all others by cosine similarity. Ties are broken by the
 * order of the images.
 */
export function retrievalMetrics(
  embeddings: readonly ArrayLike<number>[],
  classes: readonly number[],
): RetrievalMetrics {
  const unit = embeddings.map(normalised)
  const counts = new Map<number, number>()
  for (const label of classes) counts.set(label, (counts.get(label) ?? 0) + 1)
  const hits = recallDepths.map((): number => 0)
  const precisions: number[] = []
  for (const [query, own] of unit.entries()) {
    const label = elementAt(classes, query)
    if ((counts.get(label) ?? 0) < 2) continue
    const similarities = unit.map((other) => dot(own, other))
    const ranked = [...unit.keys()]
      .filter((index) => index !== query)
      .sort((a, b) => elementAt(similarities, b) - elementAt(similarities, a) || a - b)
    const places = ranked.flatMap((index, rank) => (classes[index] === label ? [rank + 1] : []))
    const first = elementAt(places, 0)
    recallDepths.forEach((depth, index) => {
      if (first <= depth) hits[index] = elementAt(hits, index) + 1
    })
    precisions.push(mean(places.map((place, found) => (found + 1) / place)))
  }
  const queries = precisions.length
  return {
    kind: 'embedding',
    queries,
    recall: Object.fromEntries(
      recallDepths.map((depth, index) => [String(depth), queries === 0 ? 0 : elementAt(hits, index) / queries]),
    ),
    mAP: mean(precisions),
  }
}

function normalised(row: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(row)
  const length = Math.sqrt(dot(values, values))
  return length > 0 ? values.map((value) => value / length) : values
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += elementAt(a, index) * elementAt(b, index)
  return sum
}
