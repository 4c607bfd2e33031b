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
    pictures: 2,
    meanIou: 0.25,
    over50: 0.5,
    wholeImageIou: 0.25,
    pointsInside: 0.5,
  })
})
