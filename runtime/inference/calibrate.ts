import { Random } from '../../compiler/random.js'
import { elementAt } from '../../grammar/present.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import { type Answer, argMax, type Predictor } from './answer.js'
import { Calibration } from './calibration.js'
import { logarithmOf, tempered } from './temperature.js'

/** The prediction for an image whose class is known. */
export interface Labelled {
  readonly probabilities: Float32Array
  readonly label: number
}

/** The share of images of known classes to accept. */
const kept = 0.95

/** With fewer images the temperature is arbitrary. */
export const leastImages = 20

const folds = 5

/** Fits a correction to the answers; undefined for too few images. */
export function calibrate(answers: readonly Labelled[]): AnswerCalibration | undefined {
  if (answers.length < leastImages) return undefined
  const temperature = fittedTemperature(answers)
  const sure = answers.map(({ probabilities }) => largest(tempered(probabilities, temperature))).sort((a, b) => a - b)
  const threshold = elementAt(sure, Math.floor((1 - kept) * sure.length))
  return {
    temperature,
    threshold,
    kept: sure.filter((value) => value >= threshold).length / sure.length,
    images: answers.length,
    errorBefore: errorOf(answers.map((answer) => ({ ...answer, temperature: 1 }))),
    errorAfter: errorOf(crossFitted(answers)),
    errorExpected: errorOfExact(sure),
  }
}

/** The number of random draws for the error of exact probabilities. */
const draws = 200

/** Returns the mean calibration error of perfectly calibrated answers of these confidences. */
function errorOfExact(sure: readonly number[]): number {
  const random = new Random(1)
  let sum = 0
  for (let draw = 0; draw < draws; draw++) {
    const calibration = new Calibration()
    for (const confidence of sure) calibration.add(confidence, random.uniform() < confidence)
    sum += calibration.error
  }
  return sum / draws
}

/** Applies to each answer the temperature fitted on the other folds. */
function crossFitted(answers: readonly Labelled[]): (Labelled & { readonly temperature: number })[] {
  return Array.from({ length: folds }, (_, fold) => {
    const temperature = fittedTemperature(answers.filter((_, index) => index % folds !== fold))
    return answers.filter((_, index) => index % folds === fold).map((answer) => ({ ...answer, temperature }))
  }).flat()
}

function errorOf(answers: readonly (Labelled & { readonly temperature: number })[]): number {
  const calibration = new Calibration()
  for (const { probabilities, label, temperature } of answers) {
    const corrected = tempered(probabilities, temperature)
    const best = argMax(corrected)
    calibration.add(elementAt(corrected, best), best === label)
  }
  return calibration.error
}

const [coldest, hottest] = [0.05, 20]

/** Minimises the negative log likelihood, which is convex in 1 / temperature, by golden-section search on its logarithm. */
function fittedTemperature(answers: readonly Labelled[]): number {
  const rows = answers.map(({ probabilities, label }) => {
    const logarithms = Array.from(probabilities, logarithmOf)
    return { logarithms, own: elementAt(logarithms, label) }
  })
  const loss = (logTemperature: number): number => {
    const scale = Math.exp(-logTemperature)
    let sum = 0
    for (const { logarithms, own } of rows) {
      const most = Math.max(...logarithms) * scale
      let total = 0
      for (const value of logarithms) total += Math.exp(value * scale - most)
      sum += most + Math.log(total) - own * scale
    }
    return sum
  }
  const ratio = (Math.sqrt(5) - 1) / 2
  let [low, high] = [Math.log(coldest), Math.log(hottest)]
  let [inner, outer] = [high - ratio * (high - low), low + ratio * (high - low)]
  let [atInner, atOuter] = [loss(inner), loss(outer)]
  while (high - low > 1e-6) {
    if (atInner < atOuter) {
      ;[high, outer, atOuter] = [outer, inner, atInner]
      inner = high - ratio * (high - low)
      atInner = loss(inner)
    } else {
      ;[low, inner, atInner] = [inner, outer, atOuter]
      outer = low + ratio * (high - low)
      atOuter = loss(outer)
    }
  }
  return Math.exp((low + high) / 2)
}

function largest(values: Float32Array): number {
  return elementAt(values, argMax(values))
}

/** The answers with corrected probabilities, and whether the image is of a known class. */
export function calibrated(predictor: Predictor, calibration: AnswerCalibration): Predictor {
  return {
    classes: predictor.classes,
    signature: predictor.signature,
    labelNames: predictor.labelNames,
    calibration,
    close: () => predictor.close(),
    async predict(images) {
      const answers = await predictor.predict(images)
      return answers.map((answer) => corrected(answer, calibration))
    },
  }
}

/** Returns the answer with corrected probabilities, and whether the image is of a known class. */
export function corrected(answer: Answer, calibration: AnswerCalibration): Answer {
  return judged(answer, tempered(answer.probabilities, calibration.temperature), calibration)
}

/** Returns the answer with other probabilities, and whether it is accepted by the threshold. */
export function judged(answer: Answer, probabilities: Float32Array, { threshold }: AnswerCalibration): Answer {
  return { ...answer, probabilities, known: largest(probabilities) >= threshold }
}
