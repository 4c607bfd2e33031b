import { argMax } from './answer.js'

/** How the probabilities of a model are corrected. */
export interface Correction {
  /** The divisor of all logits. */
  readonly temperature: number
  /** The addition to the logit of the predicted class; at least 0, so that the prediction does not change. */
  readonly bias: number
}

/** Returns softmax(log p / temperature + bias of the predicted class). The predicted class and the order of the others do not change. */
export function correctedProbabilities(probabilities: Float32Array, { temperature, bias }: Correction): Float32Array {
  const best = argMax(probabilities)
  const logits = Array.from(
    probabilities,
    (value, index) => logarithmOf(value) / temperature + (index === best ? bias : 0),
  )
  const most = Math.max(...logits)
  const powers = logits.map((value) => Math.exp(value - most))
  const sum = powers.reduce((total, value) => total + value, 0)
  return Float32Array.from(powers, (value) => value / sum)
}

/** Probabilities below the range of single precision are zero. */
export function logarithmOf(probability: number): number {
  return Math.log(Math.max(probability, 1e-38))
}
