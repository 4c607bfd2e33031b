import test from 'ava'
import { classScores, macroMeans } from '../../runtime/inference/class_scores.js'

function scoresOf(truth: readonly number[], predicted: readonly number[], classes: number) {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (const [index, label] of truth.entries()) {
    const row = confusion[label]
    const column = predicted[index]
    if (!row || column === undefined) throw new Error('the labels do not fit')
    row[column] = (row[column] ?? 0) + 1
  }
  const perClass = confusion.map((row, index) => ({
    name: String(index),
    images: row.reduce((sum, count) => sum + count, 0),
    correct: row[index] ?? 0,
  }))
  return classScores({ confusion, perClass })
}

const near = (value: number | undefined, expected: number) => value !== undefined && Math.abs(value - expected) < 1e-12

test('a class that is never predicted has no precision, which counts as 0 in the mean', (t) => {
  const scores = scoresOf([0, 2, 1, 0, 2, 1], [0, 2, 2, 0, 0, 0], 3)
  const means = macroMeans(scores)
  t.true(near(scores[0]?.precision, 0.5) && near(scores[0]?.recall, 1))
  t.is(scores[1]?.precision, undefined, 'never predicted')
  t.true(near(scores[1]?.recall, 0) && near(scores[1]?.f1, 0))
  t.true(near(scores[2]?.precision, 0.5) && near(scores[2]?.recall, 0.5))
  // macro: 1/3, 1/2 and (2/3 + 0 + 1/2) / 3
  t.true(near(means.precision, 1 / 3) && near(means.recall, 0.5) && near(means.f1, 7 / 18))
})

test('a class that occurs nowhere has no scores and does not change the means', (t) => {
  const three = scoresOf([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3)
  const four = scoresOf([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 4)
  t.deepEqual(four[3], { name: '3', images: 0, precision: undefined, recall: undefined, f1: undefined })
  t.deepEqual(macroMeans(four), macroMeans(three))
  // In scikit-learn's documentation of precision_recall_fscore_support the same labels (cat, dog, pig) have 0.22..., 0.33..., 0.26...
  const { precision, recall, f1 } = macroMeans(three)
  t.deepEqual(
    [precision, recall, f1].map((value) => value?.toFixed(4).slice(0, 4)),
    ['0.22', '0.33', '0.26'],
  )
  t.deepEqual(macroMeans([]), { precision: undefined, recall: undefined, f1: undefined })
})
