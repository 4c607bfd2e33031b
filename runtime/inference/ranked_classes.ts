export interface RankedClass {
  readonly name: string
  /** 0 to 1. */
  readonly probability: number
}

/** The most probable classes, the first one first. */
export function rank(probabilities: Float32Array, names: readonly string[], top: number): RankedClass[] {
  const all = Array.from(probabilities, (probability, index) => ({
    name: names[index] ?? `class ${index}`,
    probability,
  }))
  return all.sort((a, b) => b.probability - a.probability).slice(0, top)
}
