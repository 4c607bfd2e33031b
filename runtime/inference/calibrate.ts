import { Random } from '../../compiler/random.js'
import { elementAt } from '../../grammar/present.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import { type Answer, argMax, type Predictor } from './answer.js'
import { Calibration } from './calibration.js'
import { type Correction, correctedProbabilities } from './correction.js'
import { fittedCorrection, type Labelled } from './fit_correction.js'

/** The share of images of known classes to accept. */
const kept = 0.95

/** With fewer images the correction is arbitrary. */
export const leastImages = 20

const folds = 5

const uncorrected: Correction = { temperature: 1, bias: 0 }

/** Fits a correction to the answers; undefined for too few images. */
export function calibrate(answers: readonly Labelled[]): AnswerCalibration | undefined {
  if (answers.length < leastImages) return undefined
  const correction = fittedCorrection(answers)
  const sure = answers
    .map(({ probabilities }) => largest(correctedProbabilities(probabilities, correction)))
    .sort((a, b) => a - b)
  const threshold = elementAt(sure, Math.floor((1 - kept) * sure.length))
  return {
    ...correction,
    threshold,
    kept: sure.filter((value) => value >= threshold).length / sure.length,
    images: answers.length,
    errorBefore: errorOf(answers.map((answer) => ({ ...answer, correction: uncorrected }))),
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

/** Pairs each answer with the correction fitted on the other folds. */
function crossFitted(answers: readonly Labelled[]): (Labelled & { readonly correction: Correction })[] {
  return Array.from({ length: folds }, (_, fold) => {
    const correction = fittedCorrection(answers.filter((_, index) => index % folds !== fold))
    return answers.filter((_, index) => index % folds === fold).map((answer) => ({ ...answer, correction }))
  }).flat()
}

function errorOf(answers: readonly (Labelled & { readonly correction: Correction })[]): number {
  const calibration = new Calibration()
  for (const { probabilities, label, correction } of answers) {
    const corrected = correctedProbabilities(probabilities, correction)
    const best = argMax(corrected)
    calibration.add(elementAt(corrected, best), best === label)
  }
  return calibration.error
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
  return judged(answer, correctedProbabilities(answer.probabilities, calibration), calibration)
}

/** Returns the answer with other probabilities, and whether it is accepted by the threshold. */
export function judged(answer: Answer, probabilities: Float32Array, { threshold }: AnswerCalibration): Answer {
  return { ...answer, probabilities, known: largest(probabilities) >= threshold }
}
