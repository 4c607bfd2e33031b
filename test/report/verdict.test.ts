import test from 'ava'
import type { Evaluation } from '../../runtime/inference/evaluate.js'
import type { ReportData } from '../../runtime/report/data.js'
import { escapeMarkdown, renderModelCard } from '../../runtime/report/model_card.js'
import { keyFigures, verdictOf } from '../../runtime/report/verdict.js'

function evaluationOf(right: number, classes = 4): Evaluation {
  const perClass = Array.from({ length: classes }, (_, index) => ({
    name: `class ${index}`,
    images: 25,
    correct: right,
  }))
  const confusion = perClass.map((_, truth) =>
    perClass.map((_, column) =>
      truth === column ? right : truth === 0 && column === 1 ? 25 - right : column === 0 && truth > 0 ? 25 - right : 0,
    ),
  )
  return {
    images: 25 * classes,
    top1: { joint: right / 25, master: 0.5 },
    top5: 1,
    perClass,
    calibrationError: 0.05,
    calibration: [],
    confusion,
  }
}

function reportOf(evaluation: Evaluation, changes: Partial<ReportData> = {}): ReportData {
  return {
    title: 'm',
    subtitle: '',
    epochs: [],
    steps: [],
    reason: 'the training loss did not fall',
    evaluation,
    differences: [],
    examples: [],
    mistakes: [],
    confused: [],
    cost: { parameters: 1, multiplyAdds: 1, weightBytes: 1 },
    facts: [],
    notes: [],
    spec: '',
    ...changes,
  }
}

const compared = { images: 100, onlyFirst: 20, onlySecond: 4, difference: 0.16, interval: [0.07, 0.25] as const }
const spaced = (texts: readonly string[]) => texts.join(' ').replaceAll('\u00a0', ' ')

test('the verdict states the accuracy, its interval and chance; near chance it gives the reason', (t) => {
  // Wilson's interval of 80 of 100 is 0.7112 to 0.8666.
  t.is(
    spaced(verdictOf(reportOf(evaluationOf(20)))),
    '80.0 % of 100 validation images are classified correctly (95 % interval 71.1 to 86.7 %); always answering the most frequent class would reach 25.0 %.',
  )
  const near = spaced(verdictOf(reportOf(evaluationOf(7))))
  t.regex(
    near,
    /^The model is hardly better than chance: 28\.0 %.*The likely reason: the training loss did not fall\.$/,
  )
  t.deepEqual(verdictOf(reportOf({ ...evaluationOf(20), top1: { master: 0.5 } })), [])
})

test('the verdict compares with the baseline, and without one with the whole image alone', (t) => {
  const differences = [{ branch: 'master', ...compared, pValue: 0.002 }]
  const alone = spaced(verdictOf(reportOf(evaluationOf(20), { differences })))
  t.true(
    alone.includes(
      'The joint prediction is 16.0 points better than master, the whole image alone, on the same images (95 % interval +7.0 to +25.0).',
    ),
    alone,
  )
  const baseline = {
    name: 'runs/b',
    top1: 0.9,
    ...compared,
    difference: -0.16,
    interval: [-0.25, -0.07] as const,
    pValue: 0.002,
  }
  const worse = spaced(verdictOf(reportOf(evaluationOf(20), { differences, baseline })))
  t.true(worse.includes('The model is 16.0 points worse than the baseline runs/b (90.0 %)'), worse)
  t.false(worse.includes('whole image alone'))
  const unclear = spaced(verdictOf(reportOf(evaluationOf(20), { baseline: { ...baseline, pValue: 0.3 } })))
  t.true(unclear.includes('No difference is shown between the model and the baseline runs/b'), unclear)
})

test('at most four figures, each beside what chance reaches', (t) => {
  const localised = {
    ...evaluationOf(20, 10),
    localisation: { images: 250, meanIou: 0.4, over50: 0.3, wholeImageIou: 0.2 },
    discriminativePart: { images: 250, captured: 0.9, byChance: 0.14, cropArea: 0.1 },
  }
  const figures = keyFigures({ evaluation: localised })
  t.is(figures.length, 4)
  const text = spaced(figures.map(({ name, value, beside }) => `${name} ${value} ${beside}`))
  for (const part of ['chance 10.0 %', 'chance 50.0 %', 'crops at random places 14.0 %'])
    t.true(text.includes(part), part)
  t.is(keyFigures({ evaluation: evaluationOf(20) }).length, 2)
})

test('names stay text in the model card', (t) => {
  const name = '# [x](javascript:alert) | <b>`*_~ http://a.b www.c.d\n- item'
  const evaluation = evaluationOf(20)
  const [, ...others] = evaluation.perClass
  const card = renderModelCard(
    reportOf({ ...evaluation, perClass: [{ name, images: 25, correct: 20 }, ...others] }, { title: name }),
  )
  t.notRegex(card, /(?<!\\)<b>|(?<!\\)\[x|http:\/\/|www\.c|^- item/m)
  const rows = card.split('\n').filter((line) => line.startsWith('| ') && line.includes('item'))
  t.deepEqual(
    rows.map((row) => row.split(/(?<!\\)\|/).length),
    [7],
  )
  for (const section of ['Model details', 'Intended use', 'Metrics', 'Quantitative analyses', 'Ethical considerations'])
    t.true(card.includes(`## ${section}`), section)
  t.is(escapeMarkdown('1. one'), '1\\. one')
  t.is(escapeMarkdown('- one'), '\\- one')
})
