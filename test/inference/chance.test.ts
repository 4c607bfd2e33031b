import test from 'ava'
import fc from 'fast-check'
import { againstChance, reasonForChance, wilsonInterval } from '../../runtime/inference/chance.js'

test("Wilson's interval has the values of the formula's published example", (t) => {
  // Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
  const close = (actual: readonly number[], expected: readonly number[]) =>
    t.true(
      actual.every((value, index) => Math.abs(value - (expected[index] ?? 0)) < 5e-5),
      String(actual),
    )
  close(wilsonInterval(81, 263), [0.2553, 0.3662])
  close(wilsonInterval(0, 20), [0, 0.1611])
})

test('the interval holds the share, and is narrower for more trials', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (all, part) => {
      const counted = Math.round(part * all)
      const [low, high] = wilsonInterval(counted, all)
      const [lower, higher] = wilsonInterval(counted * 4, all * 4)
      const share = counted / all
      return low <= share + 1e-12 && share <= high + 1e-12 && higher - lower < high - low
    }),
  )
  t.throws(() => wilsonInterval(0, 0), { instanceOf: RangeError })
})

test('chance is the share of the most frequent class', (t) => {
  const labels = [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]
  t.is(againstChance(0.5, labels, 3).chance, 0.5)
  t.true(againstChance(0.5, labels, 3).nearChance)
  const many = Array.from({ length: 400 }, (_, index) => index % 4)
  t.true(againstChance(0.27, many, 4).nearChance)
  t.false(againstChance(0.4, many, 4).nearChance)
})

test('the reason names what can be done', (t) => {
  t.regex(reasonForChance({ losses: [2, 1.9], steps: 60, random: true }), /few.*--epochs/)
  t.regex(reasonForChance({ losses: [2, 2.1], steps: 6000, random: true }), /did not fall.*optimizer\.rate/)
  t.regex(reasonForChance({ losses: [2, 0.1], steps: 6000, random: false }), /wsban data inspect/)
})
