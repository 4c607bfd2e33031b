import { classScores, macroMeans } from '../inference/class_scores.js'
import type { Evaluation } from '../inference/evaluate.js'
import { percent } from './format.js'
import { html, type Markup } from './markup.js'

/** Precision, recall and F1 of every class, the lowest F1 first. */
export function classSection(evaluation: Evaluation): Markup {
  const scores = classScores(evaluation)
  const means = macroMeans(scores)
  // Classes without images and predictions have no F1; they come last.
  const sorted = scores.toSorted((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2))
  const cellOf = (value: number | undefined) =>
    html`<td class="number">${value === undefined ? '-' : percent(value)}</td>`
  return html`<section><h2>Precision and recall by class</h2>
<p>Precision: of the images predicted as the class, the share that shows it. Recall: of the images that show the class, the share predicted as it. F1 is their harmonic mean; the lowest comes first.</p>
<div class="scroll" tabindex="0" role="region" aria-label="scores by class"><table class="classes"><thead><tr><th scope="col">class</th><th scope="col" class="number">images</th><th scope="col" class="number">precision</th><th scope="col" class="number">recall</th><th scope="col" class="number">F1</th></tr></thead>
<tbody><tr class="mean"><th scope="row">mean of the classes</th><td class="number">${evaluation.images}</td>${cellOf(means.precision)}${cellOf(means.recall)}${cellOf(means.f1)}</tr>
${sorted.map(({ name, images, precision, recall, f1 }) => html`<tr><th scope="row">${name}</th><td class="number">${images}</td>${cellOf(precision)}${cellOf(recall)}${cellOf(f1)}</tr>`)}</tbody></table></div></section>`
}
