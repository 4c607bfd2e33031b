import test from 'ava'
import fc from 'fast-check'
import { type Judged, smallestThreshold } from '../../runtime/export/cascade.js'

const one = (confidence: number, firstRight: boolean, secondRight: boolean): Judged => ({
  confidence,
  firstRight,
  secondRight,
})

test('the threshold lies midway between the last image that keeps its first prediction and the next one', (t) => {
  const judged = [one(0.5, false, true), one(0.75, true, true), one(1, true, true)]
  t.deepEqual(smallestThreshold(judged, 0), { sure: 0.625, early: 2 / 3, top1: 1 })
  t.deepEqual(smallestThreshold(judged, 1), { sure: 0.5, early: 1, top1: 2 / 3 })
})

test('no threshold is better than one that loses more than is allowed', (t) => {
  t.is(smallestThreshold([one(0.9, false, true), one(0.8, true, true)], 0.1), undefined)
  t.is(smallestThreshold([], 0.1), undefined)
})

test('equally confident images are on one side', (t) => {
  const judged = [one(0.9, true, true), one(0.9, false, true), one(0.2, true, true)]
  t.is(smallestThreshold(judged, 0), undefined)
})

test('what it returns is what selecting by it counts, and no smaller threshold loses as little', (t) => {
  const image = fc.record({
    confidence: fc.integer({ min: 0, max: 20 }).map((value) => value / 20),
    firstRight: fc.boolean(),
    secondRight: fc.boolean(),
  })
  const counted = (judged: readonly Judged[], sure: number) => ({
    early: judged.filter(({ confidence }) => confidence >= sure).length,
    right: judged.filter(({ confidence, firstRight, secondRight }) => (confidence >= sure ? firstRight : secondRight))
      .length,
  })
  fc.assert(
    fc.property(fc.array(image, { minLength: 1, maxLength: 30 }), fc.constantFrom(0, 0.05, 0.2), (judged, drop) => {
      const found = smallestThreshold(judged, drop)
      const least = counted(judged, 2).right - drop * judged.length - 1e-9
      const smaller = [...new Set(judged.map(({ confidence }) => confidence))].filter(
        (sure) => counted(judged, sure).right >= least && (!found || sure < found.sure),
      )
      const earlier = smaller.filter(
        (sure) => !found || counted(judged, sure).early > found.early * judged.length + 0.5,
      )
      t.deepEqual(earlier, [])
      if (!found) return
      const { early, right } = counted(judged, found.sure)
      t.is(early / judged.length, found.early)
      t.is(right / judged.length, found.top1)
      t.true(right >= least)
    }),
    { seed: 1 },
  )
})
