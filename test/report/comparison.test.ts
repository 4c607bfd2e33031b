import test from 'ava'
import type { ComparedModel, ComparedPair, ComparisonData } from '../../runtime/report/compared.js'
import { renderComparison } from '../../runtime/report/comparison_page.js'
import { conclusion, pairSentence } from '../../runtime/report/comparison_sentences.js'
import { bestRuns, comparisonTable } from '../../runtime/report/comparison_table.js'

const hostile = `<script>alert("x")</script>' onload='y`

function modelOf(
  run: string,
  top1: Readonly<Record<string, number>>,
  more: Partial<ComparedModel> = {},
): ComparedModel {
  return {
    run,
    model: 'm',
    backbones: [],
    evaluation: {
      images: 4,
      top1,
      top5: 1,
      calibrationError: 0.05,
      calibration: [],
      perClass: ['a', 'b'].map((name) => ({ name, images: 2, correct: 1 })),
      confusion: [],
    },
    interval: [0.1, 0.9],
    parameters: 48_405_288,
    multiplyAdds: 1_234_000_000,
    bytes: 5_000_000,
    millisecondsPerImage: 12.34,
    ...more,
  }
}

function pairOf(first: string, second: string, difference: number, correctedPValue: number): ComparedPair {
  return {
    first,
    second,
    images: 100,
    onlyFirst: 12,
    onlySecond: 2,
    difference,
    interval: [difference - 0.05, difference + 0.05],
    pValue: correctedPValue / 2,
    correctedPValue,
  }
}

test('the table has the columns that its models need, and marks the best values', (t) => {
  const models = [
    modelOf(
      'one',
      { joint: 0.75, master: 0.5, part: 0.7 },
      { epochs: 8, trainingSeconds: 65, backbones: ['resnet50'] },
    ),
    modelOf('two', { joint: 0.5, whole: 0.5 }),
    modelOf('three', { joint: 0.75, whole: 0.75 }, { bytes: 4_000_000, parameters: 900 }),
  ]
  const { headings, rows } = comparisonTable(models)
  t.deepEqual(headings, [
    'run',
    'model',
    'backbone',
    'top-1 %',
    'master %',
    'part %',
    'calibration error %',
    'parameters',
    'multiply-adds',
    'MB',
    'epochs',
    'training',
    'ms/image',
  ])
  const texts = rows.map((row) => row.map(({ text, best }) => (best ? `${text}*` : text)))
  t.deepEqual(texts, [
    [
      'one',
      'm',
      'resnet50',
      '75.0 (10.0 to 90.0)*',
      '50.0',
      '70.0',
      '5.0',
      '48.4 M',
      '1.2 G',
      '5.0',
      '8',
      '1:05',
      '12.3',
    ],
    ['two', 'm', '-', '50.0 (10.0 to 90.0)', '-', '-', '5.0', '48.4 M', '1.2 G', '5.0', '-', '-', '12.3'],
    ['three', 'm', '-', '75.0 (10.0 to 90.0)*', '-', '-', '5.0', '900*', '1.2 G', '4.0*', '-', '-', '12.3'],
  ])
  const best = bestRuns(models)
  t.deepEqual(best.top1, ['one', 'three'])
  t.deepEqual(best.bytes, ['three'])
  t.deepEqual(best.calibrationError, [], 'all are the same')
  t.false('epochs' in best)
})

test('top-5 is a column with more than five classes', (t) => {
  const { evaluation } = modelOf('', {})
  const perClass = Array.from({ length: 6 }, (_, index) => ({ name: String(index), images: 1, correct: 1 }))
  const many = modelOf('one', { joint: 1 }, { evaluation: { ...evaluation, perClass } })
  t.true(comparisonTable([many]).headings.includes('top-5 %'))
  t.false(comparisonTable([modelOf('one', { joint: 1 })]).headings.includes('top-5 %'))
})

test('sentences say which differences are beyond chance', (t) => {
  const better = pairOf('a', 'b', 0.1, 0.026)
  const worse = pairOf('a', 'c', -0.1, 0.0001)
  const same = pairOf('b', 'c', 0.02, 0.05)
  t.is(
    pairSentence(better),
    'a is better than b beyond chance: +10.0 points (95 % interval +5.0 to +15.0); of 100 images, 12 classified correctly only by a, 2 only by b; p = 0.026.',
  )
  t.regex(pairSentence(worse), /^a is worse than c beyond chance: -10\.0 points .*p below 0\.001\.$/)
  t.regex(pairSentence(same), /^The difference between b and c is not beyond chance: \+2\.0 points .*p = 0\.05(0)?\.$/)
  t.regex(conclusion([better, worse, same]), /^2 of 3 pairs differ beyond chance .*Holm's correction for 3 pairs/)
  t.regex(conclusion([same, same, better]), /^1 of 3 pairs differs beyond chance/)
  t.regex(conclusion([same, same, same]), /^No two models differ beyond chance/)
  t.is(conclusion([same]), "The two models do not differ beyond chance (McNemar's exact test at 5 %).")
  t.is(conclusion([better]), "The two models differ beyond chance (McNemar's exact test at 5 %).")
})

test('a comparison is one page that needs nothing else, and whatever comes from outside is text in it', (t) => {
  const pair = pairOf(hostile, 'plain', 0.1, 0.03)
  const image = { name: hostile, truth: hostile, predicted: hostile, thumbnail: Uint8Array.of(1, 2, 3) }
  const data: ComparisonData = {
    models: [
      modelOf(hostile, { joint: 0.5, [hostile]: 0.5, part: 0.5 }, { model: hostile, backbones: [hostile] }),
      modelOf('plain', { joint: 0.25 }),
    ],
    pairs: [pair],
    images: [{ pair, onlyFirst: [image], onlySecond: [] }],
    curves: Array.from({ length: 7 }, (_, index) => ({ name: `${hostile}${index}`, points: [[1, 0.5] as const] })),
    data: hostile,
    split: 'val',
    imageCount: 4,
    notes: [hostile],
  }
  const page = renderComparison(data)
  t.notRegex(page, /<script|https?:|<link|@import/)
  t.notRegex(page, /onload='/)
  t.is(page.match(/<img/g)?.length, 1)
  t.regex(page, /src="data:image\/jpeg;base64,AQID"/)
  t.regex(page, /1 of 12 images/)
  t.is(page.match(/<svg viewBox[^>]*role="img"/g)?.length, 2, 'a chart has four lines')
})
