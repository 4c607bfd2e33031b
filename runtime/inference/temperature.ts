/** softmax(log p / temperature). The ranking of the classes does not change. */
export function tempered(probabilities: Float32Array, temperature: number): Float32Array {
  const logarithms = Array.from(probabilities, (value) => logarithmOf(value) / temperature)
  const most = Math.max(...logarithms)
  const powers = logarithms.map((value) => Math.exp(value - most))
  const sum = powers.reduce((total, value) => total + value, 0)
  return Float32Array.from(powers, (value) => value / sum)
}

/** Probabilities below the range of single precision are zero. */
export function logarithmOf(probability: number): number {
  return Math.log(Math.max(probability, 1e-38))
}
