import test from 'ava'
import { AnswersCounter, answersText, scoreOf } from '../../runtime/inference/answer_metrics.js'
import { labelsMetrics } from '../../runtime/inference/label_metrics.js'
import { retrievalMetrics } from '../../runtime/inference/retrieval_metrics.js'
import { valuesMetrics } from '../../runtime/inference/value_metrics.js'

/** Scores and labels that scikit-learn 1.9.1 was given, too; two images have the same scores. */
const rows = Array.from({ length: 20 }, (_, image) => [0, 1, 2].map((label) => ((image * 37 + label * 11) % 23) / 23))
rows[3] = rows[4] ?? []
const truths = rows.map((_, image) => [0, 1, 2].map((label) => Number((image * image + label) % 5 < 2)))

test('average precision and F1 are those of scikit-learn', (t) => {
  const found = labelsMetrics(['a', 'b', 'c'], rows, truths)
  const near = (value: number | undefined, expected: number) =>
    t.true(Math.abs((value ?? Number.NaN) - expected) < 1e-12)
  near(found.mAP, 0.5826371400142686)
  near(found.f1, 0.5505474917239623)
  near(found.microF1, 0.5666666666666667)
  const precisions = [0.5536397161203663, 0.7080729455729455, 0.48619875834949366]
  const f1s = [0.5714285714285714, 0.7272727272727273, 0.35294117647058826]
  for (const [index, label] of found.perLabel.entries()) {
    near(label.averagePrecision, precisions[index] ?? Number.NaN)
    near(label.f1, f1s[index] ?? Number.NaN)
  }
  // The example of the documentation of average_precision_score.
  const documented = labelsMetrics(['x'], [[0.1], [0.4], [0.35], [0.8]], [[0], [0], [1], [1]])
  near(documented.mAP, 0.8333333333333333)
})

test('a label that no image has counts in F1, and has no average precision', (t) => {
  const found = labelsMetrics(
    ['a', 'b'],
    [
      [0.9, 0.2],
      [0.1, 0.7],
    ],
    [
      [1, 0],
      [0, 0],
    ],
  )
  t.deepEqual(found.perLabel[1], { name: 'b', images: 0, f1: 0 })
  t.is(found.mAP, 1)
  t.is(labelsMetrics(['a'], [[0.2]], [[0]]).mAP, undefined)
})

test('the errors of values are those of scikit-learn', (t) => {
  const near = (value: number, expected: number) => t.true(Math.abs(value - expected) < 1e-12, String(value))
  const image = Array.from({ length: 20 }, (_, index) => index)
  const found = valuesMetrics(
    image.map((i) => [0, 1].map((j) => ((i * 5 + j * 3) % 13) / 4)),
    image.map((i) => [0, 1].map((j) => ((i * 7 + j * 5) % 11) / 3)),
  )
  near(found.mae, 1.20625)
  near(found.rmse, 1.4775323552384485)
  near(found.r2, -0.9823686183864218)
  // The example of the documentation of r2_score and mean_absolute_error.
  const documented = valuesMetrics([[2.5], [0], [2], [8]], [[3], [-0.5], [2], [7]])
  near(documented.r2, 0.9486081370449679)
  near(documented.mae, 0.5)
  // Constant values: only exact predictions explain them.
  t.is(valuesMetrics([[1], [2]], [[2], [2]]).r2, 0)
  t.is(valuesMetrics([[2], [2]], [[2], [2]]).r2, 1)
})

test('retrieval ranks by cosine similarity, as scikit-learn does', (t) => {
  const embeddings = Array.from({ length: 20 }, (_, i) => [0, 1, 2, 3].map((j) => Math.sin(i * (j + 1) * 1.7 + j)))
  const classes = embeddings.map((_, i) => (i === 5 ? 9 : ((i * i) % 4) + (i % 3)))
  const found = retrievalMetrics(embeddings, classes)
  t.is(found.queries, 19)
  const expected = { 1: 5 / 19, 2: 8 / 19, 4: 13 / 19, 8: 18 / 19 }
  t.deepEqual(found.recall, expected)
  t.true(Math.abs(found.mAP - 0.3251665824624925) < 1e-12)
  // The length of an embedding does not matter.
  t.deepEqual(
    retrievalMetrics(
      embeddings.map((row, i) => row.map((value) => value * (i + 1))),
      classes,
    ).recall,
    expected,
  )
  t.is(retrievalMetrics([[1], [2]], [0, 1]).queries, 0)
})

test('each prediction is measured by its label input; the first that has a metric decides', (t) => {
  const counter = new AnswersCounter(
    {
      labels: [
        { name: 'species', kind: 'Class', size: 2 },
        { name: 'weight', kind: 'Value', size: 1 },
      ],
      answers: [
        { name: 'map', kind: 'tensor' },
        { name: 'weight', kind: 'values', of: 'weight' },
        { name: 'species', kind: 'classes', of: 'species' },
        { name: 'embedding', kind: 'embedding' },
        { name: 'logits/whole', kind: 'logits', of: 'species' },
      ],
    },
    { species: ['a', 'b'] },
  )
  for (const label of [0, 1, 1])
    counter.add(
      {
        predictions: {
          map: Float32Array.of(1, 2, 3, 4),
          weight: Float32Array.of(label * 2),
          species: label === 0 ? Float32Array.of(0.2, 0.8) : Float32Array.of(0.4, 0.6),
          embedding: Float32Array.of(label, 1 - label),
        },
      },
      { species: label, weight: [label * 2] },
    )
  const found = counter.result()
  t.deepEqual(Object.keys(found), ['weight', 'species', 'embedding'])
  t.deepEqual(scoreOf(found), { answer: 'weight', metric: 'R2', value: 1 })
  t.is(answersText(found), 'weight R2 1.000, species top-1 66.7 %, embedding recall@1 100.0 %')
})
