import { elementAt } from '../../grammar/present.js'
import type { Evaluation } from '../inference/evaluate.js'
import type { ConfusedPair } from './data.js'
import { enlargeable } from './enlargeable.js'
import { dataUri, html, type Markup, pathText } from './markup.js'

/** Up to this many classes are shown as a table of counts, more as a heat map. */
const mostInTable = 25

/** Sizes in the heat map, in pixels of the enlarged one. */
const cell = 12
const labelSpace = 150

/** Rows are true classes, columns predictions; darker cells have a larger share of their row. */
export function confusionSection({ confusion, perClass }: Evaluation, pairs: readonly ConfusedPair[]): Markup {
  const names = perClass.map(({ name }) => name)
  return html`<section><h2>Confusion matrix</h2><p>Rows are true classes, columns are predicted classes, in the same order. The stronger the colour, the larger the share of its row.</p>
${names.length <= mostInTable ? table(confusion, names) : heatMap(confusion, names)}
${pairList(pairs)}</section>`
}

function table(confusion: Evaluation['confusion'], names: readonly string[]): Markup {
  const rows = confusion.map((row, truth) => {
    const total = sumOf(row)
    return html`<tr><th scope="row">${elementAt(names, truth)}</th>${row.map((count, predicted) =>
      count === 0
        ? html`<td></td>`
        : html`<td class="${truth === predicted ? 'hit' : 'miss'}" style="--share:${(count / total).toFixed(2)}">${count}</td>`,
    )}<td class="total">${total}</td></tr>`
  })
  return html`<div class="scroll" tabindex="0" role="region" aria-label="confusion matrix"><table class="confusion"><thead><tr><th scope="col" class="corner">true class</th>${names.map((name) => html`<th scope="col"><span>${name}</span></th>`)}<th scope="col"><span>images</span></th></tr></thead>
<tbody>${rows}</tbody></table></div>`
}

function heatMap(confusion: Evaluation['confusion'], names: readonly string[]): Markup {
  const size = names.length * cell
  const side = labelSpace + size
  const squares = confusion.flatMap((row, truth) => {
    const total = sumOf(row)
    return row.flatMap((count, predicted) =>
      count === 0
        ? []
        : [
            html`<rect x="${labelSpace + predicted * cell}" y="${labelSpace + truth * cell}" width="${cell}" height="${cell}" class="${truth === predicted ? 'hit' : 'miss'}" fill-opacity="${(0.25 + (0.75 * count) / total).toFixed(2)}"><title>${elementAt(names, truth)} predicted as ${elementAt(names, predicted)}: ${count} of ${total}</title></rect>`,
          ],
    )
  })
  const labels = names.flatMap((name, index) => {
    const middle = labelSpace + index * cell + cell - 3
    const text = shortened(name)
    return [
      html`<text x="${labelSpace - 5}" y="${middle}" text-anchor="end">${text}</text>`,
      html`<text transform="translate(${middle} ${labelSpace - 5}) rotate(-90)">${text}</text>`,
    ]
  })
  return html`<div class="heat"><p><label><input type="checkbox" class="zoom-heat"> Enlarge, to read the labels</label>; hover over a square for its classes and count.</p>
<div class="scroll" tabindex="0" role="region" aria-label="confusion matrix"><svg viewBox="0 0 ${side} ${side}" style="--side:${side}px" role="img" aria-label="confusion matrix of ${names.length} classes"><rect class="field" x="${labelSpace}" y="${labelSpace}" width="${size}" height="${size}"/>${labels}${squares}</svg></div></div>`
}

function pairList(pairs: readonly ConfusedPair[]): Markup {
  if (pairs.length === 0) return html`<p>Every image was classified correctly.</p>`
  return html`<h3>Most often confused</h3><ul class="pairs">${pairs.map(
    (
      { truth, predicted, count, total, images },
      pair,
    ) => html`<li><p><b>${truth}</b> predicted as <b>${predicted}</b>: <span class="count">${count} of ${total}</span></p>
<div class="thumbs">${images.map(({ path, image }, index) => enlargeable({ id: `pair-${pair}-${index}`, what: path, body: html`<img alt="${truth}, predicted as ${predicted}" src="${dataUri(image)}">`, caption: html`<small class="path">${pathText(path)}</small>` }))}</div></li>`,
  )}</ul>`
}

function sumOf(row: readonly number[]): number {
  return row.reduce((sum, count) => sum + count, 0)
}

function shortened(name: string): string {
  return name.length > 24 ? `${name.slice(0, 23)}…` : name
}
