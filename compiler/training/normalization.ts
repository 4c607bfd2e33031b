import type { Setting } from '../graph/graph.js'

/** How images were normalised when weights were trained: a number for each colour. */
export interface Normalization {
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

/** The normalisation among image steps, for each colour. */
export function normalizationIn(steps: readonly Setting[]): Normalization | undefined {
  const step = steps.find(({ name }) => name === 'normalize')
  const [mean, deviation] = [colours(step?.arguments.mean), colours(step?.arguments.deviation)]
  return mean && deviation && { mean, deviation }
}

function colours(value: Setting['arguments'][string] | undefined): readonly number[] | undefined {
  if (typeof value === 'number') return [value, value, value]
  return Array.isArray(value) ? value : undefined
}

export function sameNormalization(a: Normalization, b: Normalization): boolean {
  return String([a.mean, a.deviation]) === String([b.mean, b.deviation])
}

/** As it is written among image steps. */
export function normalizationText({ mean, deviation }: Normalization): string {
  return `normalize(mean = ${short(mean)}, deviation = ${short(deviation)})`
}

function short(colours: readonly number[]): string {
  return new Set(colours).size === 1 ? String(colours[0]) : `[${colours.join(', ')}]`
}
