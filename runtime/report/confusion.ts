import { elementAt } from '../../grammar/present.js'
import type { Evaluation } from '../inference/evaluate.js'
import { html, type Markup } from './markup.js'

/** Pairs of classes listed below the matrix. */
const listed = 8

/** Rows are true classes, columns predictions; the darker, the larger the share of its row. */
export function confusionSection({ confusion: counts, perClass }: Evaluation): Markup {
  const cell = Math.max(3, Math.min(26, Math.floor(640 / Math.max(1, counts.length))))
  const size = counts.length * cell
  const label = cell >= 10
  const left = label ? 150 : 0
  const name = (index: number) => elementAt(perClass, index).name
  const squares = counts.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0)
    return row.flatMap((count, predicted) =>
      count === 0
        ? []
        : [
            html`<rect x="${left + predicted * cell}" y="${truth * cell}" width="${cell - 1}" height="${cell - 1}" class="${truth === predicted ? 'hit' : 'miss'}" fill-opacity="${(0.15 + (0.85 * count) / total).toFixed(2)}"><title>${name(truth)} predicted as ${name(predicted)}: ${count} of ${total}</title></rect>`,
          ],
    )
  })
  const names = label
    ? perClass.map(
        ({ name: full }, index) =>
          html`<text class="tick" x="${left - 6}" y="${index * cell + cell * 0.7}" text-anchor="end">${full.length > 22 ? `${full.slice(0, 21)}…` : full}</text>`,
      )
    : []
  return html`<section><h2>Confusion matrix</h2><p>Rows are true classes, columns are predicted classes, in the same order. Hover over a square for its count.</p>
<div class="beside"><svg class="confusion" viewBox="0 0 ${left + size} ${size}" style="max-width:${left + size}px">${names}${squares}</svg>
${pairs(counts, name)}</div></section>`
}

function pairs(counts: Evaluation['confusion'], name: (index: number) => string): Markup {
  const wrong = counts
    .flatMap((row, truth) => {
      const total = row.reduce((sum, count) => sum + count, 0)
      return row.flatMap((count, predicted) =>
        count > 0 && truth !== predicted ? [{ truth, predicted, count, total }] : [],
      )
    })
    .sort((a, b) => b.count - a.count)
    .slice(0, listed)
  if (wrong.length === 0) return html`<p>Every image was classified correctly.</p>`
  return html`<table class="pairs"><thead><tr><th>class</th><th>most often predicted as</th><th></th></tr></thead><tbody>${wrong.map(({ truth, predicted, count, total }) => html`<tr><td>${name(truth)}</td><td>${name(predicted)}</td><td>${count} of ${total}</td></tr>`)}</tbody></table>`
}

/** Every class, the hardest first. */
export function classSection({ perClass }: Evaluation): Markup {
  const share = ({ images, correct }: Evaluation['perClass'][number]) => (images === 0 ? 1 : correct / images)
  const sorted = perClass.toSorted((a, b) => share(a) - share(b))
  return html`<section><h2>Accuracy by class</h2><p>Lowest accuracy first.</p><table class="classes"><thead><tr><th>class</th><th>images</th><th>correct</th><th></th></tr></thead>
<tbody>${sorted.map((one) => html`<tr><td>${one.name}</td><td>${one.images}</td><td>${one.correct}</td><td><div class="bar"><i style="width:${one.images === 0 ? 0 : Math.round(100 * share(one))}%"></i></div></td></tr>`)}</tbody></table></section>`
}
