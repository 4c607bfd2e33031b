import test from 'ava'
import fc from 'fast-check'
import { Random } from '../../compiler/random.js'
import { elementAt } from '../../grammar/present.js'
import type { Predictor } from '../../runtime/inference/answer.js'
import { argMax } from '../../runtime/inference/answer.js'
import { areaUnderRoc } from '../../runtime/inference/auroc.js'
import { calibrate, calibrated } from '../../runtime/inference/calibrate.js'
import { type Correction, correctedProbabilities } from '../../runtime/inference/correction.js'
import type { Labelled } from '../../runtime/inference/fit_correction.js'
import { withFlip } from '../../runtime/inference/flip.js'

const classes = 5

/** Answers whose labels are drawn from their corrected probabilities. */
function drawnAnswers(count: number, correction: Correction, random = new Random(7)): Labelled[] {
  return Array.from({ length: count }, () => {
    const logits = Array.from({ length: classes }, () => 6 * random.uniform())
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
    const probabilities = Float32Array.from(logits, (logit) => Math.exp(logit) / sum)
    let place = random.uniform()
    const label = correctedProbabilities(probabilities, correction).findIndex((value) => {
      place -= value
      return place < 0
    })
    return { probabilities, label: label < 0 ? classes - 1 : label }
  })
}

/** The logarithm of the posterior: the likelihood of the labels, and the bias's prior. */
function posterior(answers: readonly Labelled[], correction: Correction): number {
  return answers.reduce(
    (sum, { probabilities, label }) =>
      sum + Math.log(elementAt(correctedProbabilities(probabilities, correction), label)),
    -2 * correction.bias ** 2,
  )
}

const uncorrected = { temperature: 1, bias: 0 }

test('the correction that labels were drawn with is found, and nothing near it is more probable', (t) => {
  for (const correction of [
    { temperature: 0.4, bias: 0 },
    { temperature: 1, bias: 0.8 },
    { temperature: 2.5, bias: 0 },
  ]) {
    const { temperature, bias } = correction
    const answers = drawnAnswers(3000, correction)
    const found = calibrate(answers)
    t.truthy(found)
    if (!found) return
    t.true(Math.abs(Math.log(found.temperature / temperature)) < 0.1, `${found.temperature} for ${temperature}`)
    t.true(Math.abs(found.bias - bias) < 0.3, `${found.bias} for ${bias}`)
    for (const factor of [0.99, 1.01])
      for (const shift of [-0.01, 0, 0.01]) {
        const near = { temperature: found.temperature * factor, bias: Math.max(0, found.bias + shift) }
        t.true(posterior(answers, found) > posterior(answers, near))
      }
    t.true(found.errorAfter < 0.03, `error ${found.errorAfter}`)
    t.true(found.errorExpected < 0.03)
    if (temperature !== 1 && bias === 0) t.true(found.errorBefore > 0.1)
  }
})

test('the threshold keeps 95 % of the images, and few images are not calibrated on', (t) => {
  const found = calibrate(drawnAnswers(1000, uncorrected))
  t.true(found !== undefined && found.kept >= 0.95 && found.kept < 0.96)
  t.is(calibrate(drawnAnswers(19, uncorrected)), undefined)
  t.deepEqual(
    calibrate(drawnAnswers(100, uncorrected)),
    calibrate(drawnAnswers(100, uncorrected)),
    'the same answers, the same numbers',
  )
})

test('a correction keeps the order of the classes, also of probabilities that are zero', (t) => {
  const answer = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-30, max: 1, noNaN: true })), {
    minLength: 2,
    maxLength: 6,
  })
  const temperatures = fc.double({ min: 0.05, max: 20, noNaN: true })
  const biases = fc.double({ min: 0, max: 5, noNaN: true })
  t.notThrows(() =>
    fc.assert(
      fc.property(answer, temperatures, biases, (given, temperature, bias) => {
        const probabilities = Float32Array.from(given)
        const corrected = correctedProbabilities(probabilities, { temperature, bias })
        const sum = corrected.reduce((total, value) => total + value, 0)
        return Math.abs(sum - 1) < 1e-5 && corrected[argMax(probabilities)] === Math.max(...corrected)
      }),
    ),
  )
})

test('corrected answers say whether they are of a known class, also averaged with the mirror image', async (t) => {
  const raw: Predictor = {
    classes: ['a', 'b'],
    close: async () => {},
    // The confidence is the brightness of the first pixel.
    predict: async (images) =>
      images.map(({ data }) => {
        const sure = 0.5 + (data[0] ?? 0) / 600
        return { probabilities: Float32Array.of(sure, 1 - sure), logits: {} }
      }),
  }
  const calibration = {
    ...uncorrected,
    threshold: 0.8,
    kept: 0.95,
    images: 100,
    errorBefore: 0,
    errorAfter: 0,
    errorExpected: 0,
  }
  const predictor = calibrated(raw, calibration)
  const row = (...pixels: readonly number[]) => ({
    width: pixels.length,
    height: 1,
    data: Uint8Array.from(pixels.flatMap((value) => [value, value, value])),
  })
  const known = async (one: Predictor, ...pixels: readonly number[]) => (await one.predict([row(...pixels)]))[0]?.known
  t.true(await known(predictor, 255, 0))
  t.false(await known(predictor, 0, 255))
  t.false(await known(withFlip(predictor), 255, 0))
  t.true(await known(withFlip(predictor), 255, 255))
  t.is((await raw.predict([row(255)]))[0]?.known, undefined)
})

test('the area under the curve counts pairs, ties half', (t) => {
  const scores = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 })
  t.notThrows(() =>
    fc.assert(
      fc.property(scores, scores, (positive, negative) => {
        const pairs: number[] = positive.flatMap((a) => negative.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)))
        const counted = pairs.reduce((sum, value) => sum + value, 0) / pairs.length
        return Math.abs(areaUnderRoc(positive, negative) - counted) < 1e-12
      }),
    ),
  )
  t.throws(() => areaUnderRoc([], [1]), { instanceOf: RangeError })
})
