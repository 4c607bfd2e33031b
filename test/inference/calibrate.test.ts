import test from 'ava'
import fc from 'fast-check'
import { Random } from '../../compiler/random.js'
import type { Predictor } from '../../runtime/inference/answer.js'
import { argMax } from '../../runtime/inference/answer.js'
import { areaUnderRoc } from '../../runtime/inference/auroc.js'
import { calibrate, calibrated, type Labelled } from '../../runtime/inference/calibrate.js'
import { withFlip } from '../../runtime/inference/flip.js'
import { tempered } from '../../runtime/inference/temperature.js'

const classes = 5

/** Answers whose labels are drawn from their probabilities at the given temperature. */
function drawnAnswers(count: number, temperature: number, random = new Random(7)): Labelled[] {
  return Array.from({ length: count }, () => {
    const logits = Array.from({ length: classes }, () => 6 * random.uniform())
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
    const probabilities = Float32Array.from(logits, (logit) => Math.exp(logit) / sum)
    let place = random.uniform()
    const label = tempered(probabilities, temperature).findIndex((value) => {
      place -= value
      return place < 0
    })
    return { probabilities, label: label < 0 ? classes - 1 : label }
  })
}

function likelihood(answers: readonly Labelled[], temperature: number): number {
  return answers.reduce(
    (sum, { probabilities, label }) => sum + Math.log(tempered(probabilities, temperature)[label] ?? 0),
    0,
  )
}

test('the temperature that labels were drawn at is found, and nothing near it is likelier', (t) => {
  for (const temperature of [0.4, 1, 2.5]) {
    const answers = drawnAnswers(4000, temperature)
    const found = calibrate(answers)
    t.truthy(found)
    if (!found) return
    t.true(Math.abs(Math.log(found.temperature / temperature)) < 0.1, `${found.temperature} for ${temperature}`)
    for (const factor of [0.99, 1.01])
      t.true(likelihood(answers, found.temperature) > likelihood(answers, found.temperature * factor))
    t.true(found.errorAfter < 0.03, `error ${found.errorAfter}`)
    t.true(found.errorExpected < 0.03)
    if (temperature !== 1) t.true(found.errorBefore > 0.1)
  }
})

test('the threshold keeps 95 % of the images, and few images are not calibrated on', (t) => {
  const found = calibrate(drawnAnswers(1000, 1))
  t.true(found !== undefined && found.kept >= 0.95 && found.kept < 0.96)
  t.is(calibrate(drawnAnswers(19, 1)), undefined)
  t.deepEqual(calibrate(drawnAnswers(100, 1)), calibrate(drawnAnswers(100, 1)), 'the same answers, the same numbers')
})

test('a temperature keeps the order of the classes, also of probabilities that are zero', (t) => {
  const answer = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-30, max: 1, noNaN: true })), {
    minLength: 2,
    maxLength: 6,
  })
  t.notThrows(() =>
    fc.assert(
      fc.property(answer, fc.double({ min: 0.05, max: 20, noNaN: true }), (given, temperature) => {
        const probabilities = Float32Array.from(given)
        const corrected = tempered(probabilities, temperature)
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
    temperature: 1,
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
