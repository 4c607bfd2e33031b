import { classScores, macroMeans } from '../inference/class_scores.js'
import { costFacts } from './about.js'
import type { ReportData } from './data.js'
import { differenceText, percent } from './format.js'
import { splitsText } from './image_counts.js'
import { limitsOf } from './limits.js'
import { keyFigures, verdictOf } from './verdict.js'

/**
 * Returns a model card in Markdown, with the sections of Mitchell et al. 2019 ("Model Cards for Model Reporting"). What only the authors
 * can know is left to them, in italics.
 */
export function renderModelCard(report: ReportData): string {
  const { title, subtitle, facts, cost, data } = report
  const sections = [
    `# Model card: ${escapeMarkdown(title)}`,
    escapeMarkdown(subtitle),
    ...verdictOf(report).map(escapeMarkdown),
    '## Model details',
    table(['', ''], [...facts, ...costFacts(cost)]),
    '_Who made the model, for whom to contact, and its licence._',
    '## Intended use',
    '_What the model is meant for, by whom, and which uses are out of its scope._',
    '## Factors',
    '_Conditions under which the images were taken, and groups of them between which the accuracy may differ._',
    '## Metrics',
    'Top-1 is the share of images whose most probable class is right. Intervals are 95 % score intervals (Wilson 1927). The calibration error is the mean distance between confidence and accuracy over bins of confidence.',
    ...metrics(report),
    '## Evaluation data and training data',
    ...(data
      ? [
          `Images: ${escapeMarkdown(splitsText(data))}.`,
          ...data.notes.map(escapeMarkdown),
          table(
            ['class', 'train', 'val', 'test'],
            data.classes.map(({ name, images }) => [
              name,
              String(images.train),
              String(images.val),
              String(images.test),
            ]),
          ),
        ]
      : []),
    '_Where the images come from, who labelled them, and under which licence they are._',
    '## Quantitative analyses',
    ...scores(report),
    ...calibration(report),
    '## Ethical considerations',
    '_Risks of wrong predictions, and sensitive content in the images._',
    '## Caveats and recommendations',
    limitsOf(report)
      .map((limit) => `- ${escapeMarkdown(limit)}`)
      .join('\n'),
  ]
  return `${sections.join('\n\n')}\n`
}

function metrics(report: ReportData): string[] {
  const figures = keyFigures(report)
  if (figures.length === 0) return []
  return [
    table(
      ['metric', 'value', 'interval and reference'],
      figures.map(({ name, value, beside }) => [name, value, beside]),
    ),
  ]
}

function scores({ evaluation, differences, baseline }: ReportData): string[] {
  if (!evaluation) return []
  const all = classScores(evaluation)
  const mean = { name: 'mean of the classes', images: evaluation.images, ...macroMeans(all) }
  const text = (value: number | undefined) => (value === undefined ? '-' : percent(value))
  return [
    table(
      ['branch', 'top-1'],
      Object.entries(evaluation.top1).map(([name, share]) => [name, percent(share)]),
    ),
    ...differences.map((one) =>
      escapeMarkdown(
        `Joint prediction compared with ${one.branch} alone: ${differenceText(one, 'the joint prediction', one.branch)}`,
      ),
    ),
    ...(baseline
      ? [
          escapeMarkdown(
            `This run compared with the baseline ${baseline.name}: ${differenceText(baseline, 'this run', 'the baseline')}`,
          ),
        ]
      : []),
    table(
      ['class', 'images', 'precision', 'recall', 'F1'],
      [mean, ...all].map(({ name, images, precision, recall, f1 }) => [
        name,
        String(images),
        text(precision),
        text(recall),
        text(f1),
      ]),
    ),
  ]
}

function calibration({ calibration: corrected }: ReportData): string[] {
  if (!corrected) return []
  const { temperature, bias, images, errorBefore, errorAfter, threshold, kept } = corrected
  return [
    `Probabilities are corrected by temperature scaling with a bias of the predicted class (temperature ${temperature.toFixed(2)}, bias ${bias.toFixed(2)}, fitted on ${images} validation images): the calibration error is ${percent(errorBefore)} without it and ${percent(errorAfter)} with it, cross-validated. An image whose most probable class has less than ${percent(threshold)} may show none of the classes; ${percent(kept)} of the validation images are at least that sure.`,
  ]
}

/** A table whose cells are data. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

/**
 * Returns a text that Markdown shows as it is, in one line: every character that can begin markup, HTML, a table cell or a link is escaped
 * by a backslash, which CommonMark allows before any ASCII punctuation.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\\`*_[\]<>#|&~$@]|:(?=\/\/)/g, '\\$&')
    .replace(/^\s*[-+=]/, (sign) => `\\${sign.trim()}`)
    .replace(/^\s*(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/\bwww\./gi, (found) => `${found.slice(0, 3)}\\.`)
}
