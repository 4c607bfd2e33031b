import { elementAt } from '../../grammar/present.js'
import { argMax } from './answer.js'
import { type Correction, logarithmOf } from './correction.js'

/** The prediction for an image whose class is known. */
export interface Labelled {
  readonly probabilities: Float32Array
  readonly label: number
}

const [coldest, hottest] = [0.05, 20]
const largestBias = 5

/** The standard deviation of the bias's normal prior around 0, which limits its variance on few images. */
const biasDeviation = 0.5

/**
 * Fits temperature and bias by maximum a posteriori likelihood. Temperature scaling alone (Guo et al. 2017, section 4.2) leaves the mean
 * of the branches' probabilities underconfident at any temperature; the bias of the predicted class corrects that.
 *
 * The negative log likelihood is jointly convex in 1 / temperature and bias, so that its minimum over the bias is unimodal in the temperature.
 */
export function fittedCorrection(answers: readonly Labelled[]): Correction {
  const rows = answers.map(({ probabilities, label }) => {
    const logarithms = Array.from(probabilities, logarithmOf)
    const best = argMax(probabilities)
    return { logarithms, best: elementAt(logarithms, best), own: elementAt(logarithms, label), right: best === label }
  })
  const right = rows.filter((row) => row.right).length

  /** Returns the negative log likelihood at a temperature, and the confidences without a bias. */
  function atTemperature(logTemperature: number): { readonly loss: number; readonly confidences: readonly number[] } {
    const scale = Math.exp(-logTemperature)
    let loss = 0
    const confidences = rows.map(({ logarithms, best, own }) => {
      let total = 0
      for (const value of logarithms) total += Math.exp((value - best) * scale)
      loss += Math.log(total) + (best - own) * scale
      return 1 / total
    })
    return { loss, confidences }
  }

  /** Returns the best bias at a temperature, and the loss with it. The bias changes each loss by log(1 + c (e^bias - 1)) - bias if right. */
  function bestBias(logTemperature: number): Minimum {
    const { loss, confidences } = atTemperature(logTemperature)
    return minimum(0, largestBias, (bias) => {
      let sum = loss - bias * right + (bias / biasDeviation) ** 2 / 2
      for (const confidence of confidences) sum += Math.log1p(confidence * Math.expm1(bias))
      return sum
    })
  }

  const logTemperature = minimum(Math.log(coldest), Math.log(hottest), (value) => bestBias(value).value).at
  return { temperature: Math.exp(logTemperature), bias: bestBias(logTemperature).at }
}

interface Minimum {
  readonly at: number
  readonly value: number
}

/** Returns the minimum of a unimodal function by golden-section search, to 1e-6. */
function minimum(from: number, to: number, of: (at: number) => number): Minimum {
  const ratio = (Math.sqrt(5) - 1) / 2
  let [low, high] = [from, to]
  let [inner, outer] = [high - ratio * (high - low), low + ratio * (high - low)]
  let [atInner, atOuter] = [of(inner), of(outer)]
  while (high - low > 1e-6) {
    if (atInner < atOuter) {
      ;[high, outer, atOuter] = [outer, inner, atInner]
      inner = high - ratio * (high - low)
      atInner = of(inner)
    } else {
      ;[low, inner, atInner] = [inner, outer, atOuter]
      outer = low + ratio * (high - low)
      atOuter = of(outer)
    }
  }
  const at = (low + high) / 2
  return { at, value: of(at) }
}
