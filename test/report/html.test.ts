import test from 'ava'
import type { ReportData } from '../../runtime/report/data.js'
import { renderReport } from '../../runtime/report/html.js'

const hostile = `<script>alert("x")</script>' onload='y`

const data: ReportData = {
  title: hostile,
  subtitle: hostile,
  epochs: [
    { epoch: 1, losses: { total: 3.25, [hostile]: 1 }, top1: { joint: 0.25 } },
    { epoch: 2, losses: { total: 2.5, [hostile]: Number.NaN }, top1: { joint: 0.75 } },
  ],
  evaluation: {
    images: 4,
    top1: { joint: 0.75, [hostile]: 0.5 },
    top5: 1,
    perClass: [
      { name: hostile, images: 2, correct: 1 },
      { name: 'plain', images: 2, correct: 2 },
    ],
    calibrationError: 0.05,
    calibration: [{ images: 4, confidence: 0.8, accuracy: 0.75 }],
    confusion: [
      [1, 1],
      [0, 2],
    ],
    localisation: { images: 4, meanIou: 0.4321, over50: 0.5, wholeImageIou: 0.1 },
  },
  steps: [{ epoch: 0.5, rate: 0.01, gradientNorm: 3 }],
  best: 2,
  differences: [
    {
      branch: hostile,
      images: 4,
      onlyFirst: 2,
      onlySecond: 1,
      difference: 0.25,
      interval: [-0.5, 0.75],
      pValue: 1,
    },
  ],
  doubtful: {
    count: 1,
    labels: [{ name: hostile, label: hostile, suggested: hostile, labelProbability: 0.1, suggestedProbability: 0.8 }],
    list: 'doubt.csv',
  },
  mistakes: [],
  examples: [
    {
      path: hostile,
      truth: hostile,
      guesses: [{ by: 'joint', name: hostile, probability: 0.9 }],
      image: Uint8Array.of(1, 2, 3),
    },
  ],
  reason: hostile,
  confused: [
    { truth: hostile, predicted: 'plain', count: 1, total: 2, images: [{ path: hostile, image: Uint8Array.of(1) }] },
  ],
  data: {
    classes: [
      { name: hostile, images: { train: 10, val: 2, test: 0 } },
      { name: 'plain', images: { train: 10, val: 2, test: 3 } },
    ],
    notes: [hostile],
    heldOut: false,
  },
  cost: { parameters: 1_234_567, multiplyAdds: 2e9, weightBytes: 5e6, trainingSeconds: 516, millisecondsPerImage: 12 },
  facts: [[hostile, hostile]],
  notes: [hostile],
  spec: hostile,
}
/** With ordinary spaces. */
const pageOf = (data: ReportData) => renderReport(data).replaceAll('\u00a0', ' ')
const report = pageOf(data)

test('texts are data: nothing of them is markup', (t) => {
  t.false(report.includes('<script'))
  t.notRegex(report.replace(/"[^"]*"/g, '""'), /<[^>]*onload/, 'outside of the values of attributes')
  t.true(report.includes('&lt;script&gt;'))
})

test('the file needs nothing from elsewhere', (t) => {
  t.notRegex(report, /https?:|url\(|@import|<link|<iframe/)
  t.true(report.includes('data:image/jpeg;base64,AQID'))
})

test('the figures are there', (t) => {
  for (const figure of ['75.0 %', '43.2 %', '50.0 %', '25.0 points', 'p = 1.0']) t.true(report.includes(figure), figure)
})

test('a run without images to evaluate has its facts, and a run without an epoch no charts', (t) => {
  const { evaluation: _, best: __, ...rest } = data
  const bare = pageOf({ ...rest, examples: [], steps: [] })
  t.false(bare.includes('Attention and crops'))
  t.false(bare.includes('Precision and recall by class'))
  t.false(bare.includes('learning rate'))
  t.true(bare.includes('losses, mean per epoch') && bare.includes('The run'))
  const unbegun = pageOf({ ...rest, examples: [], epochs: [], steps: [] })
  t.false(unbegun.includes('every loss'))
  t.true(unbegun.includes('The run'))
})

test('a validation split without images shows no rates', (t) => {
  const { evaluation } = data
  if (!evaluation) throw new Error('the data has an evaluation')
  const page = pageOf({
    ...data,
    evaluation: { ...evaluation, images: 0, top1: {} },
    differences: [],
    examples: [],
    confused: [],
  })
  for (const words of ['Every image was classified correctly', 'Confusion matrix', 'NaN'])
    t.false(page.includes(words), words)
  t.true(page.includes('No validation images were available'))
})

test('without accuracies there is no chart of them, and without a second branch no comparison', (t) => {
  const { evaluation } = data
  if (!evaluation) throw new Error('the data has an evaluation')
  const report = pageOf({
    ...data,
    best: 0,
    epochs: [{ epoch: 1, losses: { total: 0 }, top1: {} }],
    evaluation: { ...evaluation, top1: { master: 0.5 } },
  })
  t.false(report.includes('top-1 accuracy on the validation split'))
  t.false(report.includes('and both together'))
  t.false(report.includes('top-1 accuracy'))
  t.false(report.includes('>kept<'))
})

test('a larger evaluation adds top-5, the discriminative part, mistakes, and a difference beyond chance', (t) => {
  const { evaluation } = data
  if (!evaluation) throw new Error('the data has an evaluation')
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const [difference] = data.differences
  const report = pageOf({
    ...data,
    evaluation: {
      ...evaluation,
      top5: 0.875,
      perClass: names.map((name, index) => ({ name, images: index, correct: index })),
      confusion: names.map((_, row) => names.map((_, column) => (row === column ? row : 0))),
      discriminativePart: { images: 4, captured: 0.625, byChance: 0.125, cropArea: 0.25 },
    },
    confused: [],
    differences: difference ? [{ ...difference, onlyFirst: 1, pValue: 0.0001 }] : [],
    mistakes: [
      {
        path: 'm.jpg',
        truth: 'a',
        guesses: [{ by: 'joint', name: 'a', probability: 0.9 }],
        image: Uint8Array.of(1),
        overlay: Uint8Array.of(2),
        crop: Uint8Array.of(3),
        overlap: 0.333,
      },
    ],
  })
  for (const words of [
    '87.5 %',
    '62.5 %',
    '12.5 %',
    'Most confident mistakes',
    'IoU 33 %',
    '1 image classified correctly only by the joint prediction',
    'The difference is significant',
    'p below 0.001',
    'Every image was classified correctly.',
    ' right"',
  ])
    t.true(report.includes(words), words)
})
