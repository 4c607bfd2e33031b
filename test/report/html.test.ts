import test from 'ava'
import { renderReport } from '../../runtime/report/html.js'

const hostile = `<script>alert("x")</script>' onload='y`

const report = renderReport({
  title: hostile,
  subtitle: hostile,
  epochs: [
    { epoch: 1, losses: { total: 3.25, [hostile]: 1 }, top1: { joint: 0.25 } },
    { epoch: 2, losses: { total: 2.5, [hostile]: Number.NaN }, top1: { joint: 0.75 } },
  ],
  evaluation: {
    pictures: 4,
    top1: { joint: 0.75, [hostile]: 0.5 },
    top5: 1,
    perClass: [
      { name: hostile, pictures: 2, correct: 1 },
      { name: 'plain', pictures: 2, correct: 2 },
    ],
    calibrationError: 0.05,
    calibration: [{ pictures: 4, confidence: 0.8, accuracy: 0.75 }],
    confusion: [
      [1, 1],
      [0, 2],
    ],
    localisation: { pictures: 4, meanIou: 0.4321, over50: 0.5, wholeImageIou: 0.1 },
  },
  steps: [{ epoch: 0.5, rate: 0.01, gradientNorm: 3 }],
  best: 2,
  differences: [
    {
      branch: hostile,
      pictures: 4,
      onlyFirst: 2,
      onlySecond: 1,
      difference: 0.25,
      interval: [-0.5, 0.75],
      pValue: 1,
    },
  ],
  mistakes: [],
  examples: [
    {
      name: hostile,
      truth: hostile,
      guesses: [{ by: 'joint', name: hostile, probability: 0.9 }],
      picture: Uint8Array.of(1, 2, 3),
    },
  ],
  facts: [[hostile, hostile]],
  notes: [hostile],
  spec: hostile,
})

test('texts are data: nothing of them is markup', (t) => {
  t.false(report.includes('<script'))
  t.notRegex(report, /<[^>]*onload/)
  t.true(report.includes('&lt;script&gt;'))
})

test('the file needs nothing from elsewhere', (t) => {
  t.notRegex(report, /https?:|url\(|@import|<link|<iframe/)
  t.true(report.includes('data:image/jpeg;base64,AQID'))
})

test('the figures are there', (t) => {
  for (const figure of ['75.0 %', '43.2 %', '50.0 %', '25.0 points', 'p = 1.0']) t.true(report.includes(figure), figure)
})
