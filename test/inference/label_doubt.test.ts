import test from 'ava'
import { Random } from '../../compiler/random.js'
import { doubtfulLabels } from '../../runtime/inference/label_doubt.js'

/** Probabilities of four classes with most of them on one, from a seeded model that is right. */
function predictionsWith(wrong: ReadonlySet<number>, images = 200) {
  const random = new Random(3)
  return Array.from({ length: images }, (_, image) => {
    const truth = image % 4
    const sure = random.uniform(0.87, 0.89)
    const probabilities = [0, 1, 2, 3].map((label) => (label === truth ? sure : (1 - sure) / 3))
    return { image, label: wrong.has(image) ? (truth + 1) % 4 : truth, probabilities }
  })
}

test('labels that were changed are found, and no others', (t) => {
  t.deepEqual(doubtfulLabels(predictionsWith(new Set())), [])
  const wrong = new Set([3, 17, 40, 101, 150])
  const found = doubtfulLabels(predictionsWith(wrong))
  t.deepEqual(
    found.map(({ image }) => image).sort((a, b) => a - b),
    [...wrong],
  )
  for (const { image, suggested } of found) t.is(suggested, image % 4)
  const margins = found.map(({ margin }) => margin)
  t.deepEqual(
    margins,
    margins.toSorted((a, b) => a - b),
  )
})

// Thresholds: a 0.6, b (0.9 + 0.1 + 0.8) / 3 = 0.6. A class on which the model is hardly confident has a low threshold.
test('a label is in doubt if another class reaches its own mean confidence', (t) => {
  const found = doubtfulLabels([
    { image: 'a1', label: 0, probabilities: [0.8, 0.2, 0] },
    { image: 'a2', label: 0, probabilities: [0.4, 0.59, 0.01] },
    { image: 'b1', label: 1, probabilities: [0.1, 0.9, 0] },
    { image: 'b2', label: 1, probabilities: [0.9, 0.1, 0] },
    { image: 'b3', label: 1, probabilities: [0.2, 0.8, 0] },
  ])
  t.deepEqual(
    found.map(({ image, label, suggested }) => [image, label, suggested]),
    [['b2', 1, 0]],
  )
  t.true(Math.abs((found[0]?.margin ?? 0) + 0.8) < 1e-9)
})

test('classes without images are not suggested', (t) => {
  t.deepEqual(doubtfulLabels([{ image: 0, label: 0, probabilities: [0.1, 0.9] }]), [])
  t.deepEqual(doubtfulLabels([]), [])
})
