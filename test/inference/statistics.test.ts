import test from 'ava'
import { Random } from '../../compiler/random.js'
import { Calibration, calibrationBins } from '../../runtime/inference/calibration.js'
import { holmCorrection } from '../../runtime/inference/holm.js'
import { pairedDifference } from '../../runtime/inference/paired.js'

/** Guo et al. 2017, equations 2, 3 and 5. */
function formula(answers: readonly { readonly confidence: number; readonly right: boolean }[]): number {
  let error = 0
  for (let m = 1; m <= calibrationBins; m++) {
    const bin = answers.filter(
      ({ confidence }) => confidence > (m - 1) / calibrationBins && confidence <= m / calibrationBins,
    )
    if (bin.length === 0) continue
    const accuracy = bin.filter(({ right }) => right).length / bin.length
    const confidence = bin.reduce((sum, answer) => sum + answer.confidence, 0) / bin.length
    error += (bin.length / answers.length) * Math.abs(accuracy - confidence)
  }
  return error
}

test('calibration error is the formula', (t) => {
  const random = new Random(5)
  for (const count of [1, 7, 400]) {
    const answers = Array.from({ length: count }, () => {
      const confidence = random.uniform(0.05, 1)
      return { confidence, right: random.uniform() < confidence ** 2 }
    })
    const calibration = new Calibration()
    for (const { confidence, right } of answers) calibration.add(confidence, right)
    t.true(Math.abs(calibration.error - formula(answers)) < 1e-12)
    t.is(
      calibration.bins.reduce((sum, { images }) => sum + images, 0),
      count,
    )
  }
  t.is(new Calibration().error, 0)
  const sure = new Calibration()
  sure.add(1, false)
  t.is(sure.error, 1)
})

/** Returns paired results for 200 images: both correct, only the first, only the second, neither. */
function answers(both: number, first: number, second: number, none: number) {
  const made = (counts: readonly (readonly [number, boolean])[]) =>
    counts.flatMap(([count, right]) => Array.from({ length: count }, () => right))
  return [
    made([
      [both, true],
      [first, true],
      [second, false],
      [none, false],
    ]),
    made([
      [both, true],
      [first, false],
      [second, true],
      [none, false],
    ]),
  ] as const
}

test("a paired difference has McNemar's exact p value and an interval that repeats", (t) => {
  const [first, second] = answers(120, 25, 10, 45)
  const found = pairedDifference(first, second)
  t.like(found, { images: 200, onlyFirst: 25, onlySecond: 10, difference: 0.075 })
  // scipy.stats.binomtest(10, 35, 0.5).pvalue
  t.true(Math.abs(found.pValue - 0.016673847800120715) < 1e-12, String(found.pValue))
  // The difference's standard error: sqrt((b + c - (b - c)^2 / n)) / n.
  const deviation = Math.sqrt(35 - 15 ** 2 / 200) / 200
  const [low, high] = found.interval
  t.true(Math.abs(low - (0.075 - 1.96 * deviation)) < 0.006, `${low}`)
  t.true(Math.abs(high - (0.075 + 1.96 * deviation)) < 0.006, `${high}`)
  t.deepEqual(pairedDifference(first, second), found)
  const turned = pairedDifference(second, first)
  t.is(turned.difference, -0.075)
  t.is(turned.pValue, found.pValue)
})

test('models that never differ, and many images', (t) => {
  const [same] = answers(3, 0, 0, 2)
  t.like(pairedDifference(same, same), { difference: 0, interval: [0, 0], pValue: 1 })
  const [first, second] = answers(0, 3000, 2800, 0)
  const { pValue } = pairedDifference(first, second)
  // scipy.stats.binomtest(2800, 5800, 0.5).pvalue
  t.true(Math.abs(pValue - 0.00896943600119357) < 1e-9, String(pValue))
  t.throws(() => pairedDifference([true], []), { instanceOf: RangeError })
})

test('p-values of several tests are corrected by Holm, as in worked examples', (t) => {
  const close = (given: readonly number[], expected: readonly number[]) => {
    const corrected = holmCorrection(given)
    t.is(corrected.length, expected.length)
    for (const [index, value] of corrected.entries()) t.true(Math.abs(value - (expected[index] ?? Number.NaN)) < 1e-12)
  }
  // Wikipedia, "Holm-Bonferroni method": of four hypotheses at 5 % the fourth and the first are rejected.
  close([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02])
  // R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm"), whose last ones are held up by the one before.
  close([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09])
  close([0.6, 0.5], [1, 1])
  close([0.03], [0.03])
  close([], [])
})
