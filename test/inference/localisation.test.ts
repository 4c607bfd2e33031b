import test from 'ava'
import { EvaluationCounter } from '../../runtime/inference/evaluate.js'

test('the crop against the true box, and how many known points lie in it', (t) => {
  const counter = new EvaluationCounter(['a', 'b'])
  const answer = { probabilities: Float32Array.of(0.9, 0.1), logits: {} }
  const box = { y1: 0, x1: 0, y2: 0.5, x2: 0.5 }
  const point = (y: number, x: number) => ({ name: 'beak', y, x })
  // Half of the true box, and two of its three points.
  counter.add(
    { ...answer, box: [0, 0, 0.5, 0.25] },
    { label: 0, box, points: [point(0.1, 0.1), point(0.5, 0.25), point(0.2, 0.4)] },
  )
  // Nothing of it.
  counter.add({ ...answer, box: [0.5, 0.5, 1, 1] }, { label: 0, box, points: [point(0.1, 0.1)] })
  // No box is known here, or none was given: neither counts.
  counter.add({ ...answer, box: [0, 0, 1, 1] }, { label: 0 })
  counter.add(answer, { label: 1, box })
  t.deepEqual(counter.result().localisation, {
    images: 2,
    meanIou: 0.25,
    over50: 0.5,
    wholeImageIou: 0.25,
    pointsInside: 0.5,
  })
})

test('crops that capture the discriminative part, against crops of the same size laid anywhere', (t) => {
  const counter = new EvaluationCounter(['a', 'b'])
  const answer = { probabilities: Float32Array.of(0.9, 0.1), logits: {} }
  // The middle of the part is at y 0.1, x 0.5.
  const part = { y1: 0, x1: 0.4, y2: 0.2, x2: 0.6 }
  counter.add({ ...answer, box: [0, 0.3, 0.5, 0.55] }, { label: 0, part })
  counter.add({ ...answer, box: [0.5, 0, 1, 0.25] }, { label: 0, part })
  // The whole image holds it always, and by chance as well.
  counter.add({ ...answer, box: [0, 0, 1, 1] }, { label: 0, part })
  const { discriminativePart, localisation } = counter.result()
  t.is(localisation, undefined)
  t.is(discriminativePart?.images, 3)
  t.is(discriminativePart?.captured, 2 / 3)
  // Half as high as the image, its top is anywhere from 0 to 0.5: over the middle in a fifth of that. A quarter as wide, a third.
  t.true(Math.abs((discriminativePart?.byChance ?? 0) - (1 / 5 / 3 + 1 / 5 / 3 + 1) / 3) < 1e-12)
  t.true(Math.abs((discriminativePart?.cropArea ?? 0) - (0.125 + 0.125 + 1) / 3) < 1e-12)
})

test('a branch called joint does not count as the prediction', (t) => {
  const counter = new EvaluationCounter(['a', 'b'])
  const right = Float32Array.of(0.9, 0.1)
  const wrong = Float32Array.of(0.1, 0.9)
  counter.add({ probabilities: right, logits: { joint: wrong, joint_branch: right, whole: wrong } }, { label: 0 })
  counter.add({ probabilities: right, logits: { joint: right, joint_branch: right, whole: wrong } }, { label: 0 })
  t.deepEqual(counter.result().top1, { joint: 1, joint_branch_branch: 0.5, joint_branch: 1, whole: 0 })
})
