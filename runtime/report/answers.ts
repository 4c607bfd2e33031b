import { type AnswerMetrics, metricTexts } from '../inference/answer_metrics.js'
import type { LabelsMetrics } from '../inference/label_metrics.js'
import type { ReportData } from './data.js'
import { html, type Markup } from './markup.js'

const meanings: Readonly<Record<AnswerMetrics['kind'], string>> = {
  classes: 'classes',
  labels: 'several labels',
  values: 'values',
  embedding: 'embedding, by retrieval',
}

/** The metrics of each prediction, and of each label. */
export function answersSection({ answers }: ReportData): Markup {
  if (!answers) return html``
  const rows = Object.entries(answers.metrics).map(([name, metrics]) => {
    const texts = metricTexts(metrics).map(([metric, value]) => `${metric} ${value}`)
    return html`<tr><th scope="row">${name}</th><td>${meanings[metrics.kind]}</td><td>${texts.join(', ')}</td></tr>`
  })
  const labels = Object.entries(answers.metrics).flatMap(([name, metrics]) =>
    metrics.kind === 'labels' ? [labelsTable(name, metrics)] : [],
  )
  return html`<section><h2>Predictions</h2>
<p>Measured on ${answers.images} validation images. mAP: mean average precision. F1: harmonic mean of precision and recall at a probability of 0.5. R2: share of the variance that is explained. recall@k: share of images with one of their class among the k nearest others.</p>
<div class="scroll" tabindex="0" role="region" aria-label="metrics of predictions"><table class="classes"><thead><tr><th scope="col">prediction</th><th scope="col">read as</th><th scope="col">metrics</th></tr></thead><tbody>${rows}</tbody></table></div>
${labels}</section>`
}

function labelsTable(name: string, { perLabel }: LabelsMetrics): Markup {
  const rows = perLabel.map(
    (label) =>
      html`<tr><th scope="row">${label.name}</th><td class="number">${label.images}</td><td class="number">${label.averagePrecision?.toFixed(3) ?? '-'}</td><td class="number">${label.f1.toFixed(3)}</td></tr>`,
  )
  return html`<h3>${name}</h3><div class="scroll" tabindex="0" role="region" aria-label="metrics of ${name}"><table class="classes"><thead><tr><th scope="col">label</th><th scope="col" class="number">images</th><th scope="col" class="number">average precision</th><th scope="col" class="number">F1</th></tr></thead><tbody>${rows}</tbody></table></div>`
}
