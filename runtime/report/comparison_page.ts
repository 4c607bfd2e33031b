import { elementAt } from '../../grammar/present.js'
import { lineChart } from './chart.js'
import type { ComparisonData, Curve, DecidingImage, DecidingImages } from './compared.js'
import { conclusion, pairSentence } from './comparison_sentences.js'
import { comparisonTable } from './comparison_table.js'
import { dataUri, html, Markup } from './markup.js'
import { runRoles } from './roles.js'
import { style } from './style.js'

/** Rules that only the page of a comparison uses, in addition to those of a report. */
const comparisonStyle = `
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 8px 12px }
table.runs td, table.runs th { padding: 4px 10px 4px 0; white-space: nowrap } table.runs th { white-space: normal; overflow-wrap: normal; vertical-align: bottom } table.runs th.number { text-align: right } table.runs td:first-child { font-weight: 600 }
.run1 { --role: var(--joint) } .run2 { --role: var(--whole) } .run3 { --role: var(--crop) } .run4 { --role: var(--other) }
td.best { color: var(--good); font-weight: 600 } section h3 { overflow-wrap: anywhere } section p { overflow-wrap: anywhere } figcaption { overflow-wrap: anywhere }
.charts figure { max-width: 640px } .sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 0 24px }
.thumbnails { display: grid; grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); gap: 12px; margin-bottom: 16px } .thumbnails figure { padding: 8px } .thumbnails img { display: block; width: 100%; max-width: 160px; aspect-ratio: 1; object-fit: contain; margin: 0 auto 6px; border-radius: 6px; background: #0002 }
@media (max-width: 480px) { header, main { padding-left: 14px; padding-right: 14px } .thumbnails { grid-template-columns: repeat(2, minmax(0, 1fr)) } .charts figure { flex-basis: 100% } }
`

/** Renders the comparison as one self-contained HTML file: no scripts, no requests, embedded images. */
export function renderComparison(data: ComparisonData): string {
  const { models, pairs, images, curves, notes } = data
  const title = `Comparison of ${models.length} models`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${new Markup(style + comparisonStyle)}</style>
</head>
<body>
<header><h1>${title}</h1><p>${data.imageCount} images of ${data.data} (${splitText(data.split)}), the same for every model</p></header>
<main>
${notes.map((note) => html`<p class="note">${note}</p>`)}
${tableSection(data)}
<section><h2>Differences</h2><p><b>${conclusion(pairs)}</b></p>
${pairs.map((pair) => html`<p>${pairSentence(pair)}</p>`)}
<p class="aside">Differences in top-1 with paired bootstrap intervals. p-values by McNemar's exact test${pairs.length > 1 ? ', corrected for the number of pairs by the method of Holm' : ''}.</p></section>
${curves.length > 0 ? curveSection(curves) : ''}
${images.map(imageSection)}
</main>
</body>
</html>
`
  return page.text
}

function splitText(split: string): string {
  return split === 'all' ? 'all splits' : `${split} split`
}

function tableSection({ models }: ComparisonData): Markup {
  const { headings, rows, words } = comparisonTable(models)
  const kind = (index: number, best = false) =>
    [...(index < words ? [] : ['number']), ...(best ? ['best'] : [])].join(' ')
  return html`<section><h2>Models</h2><div class="scroll"><table class="runs">
<thead><tr>${headings.map((heading, index) => html`<th class="${kind(index)}">${heading}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(({ text, best }, index) => html`<td class="${kind(index, best)}">${text}</td>`)}</tr>`)}</tbody></table></div>
<p class="aside">The best value of a column is green. In brackets: 95 % interval of top-1 (Wilson). MB: the exported file, or the weights of a run. Training: time of its steps. ms/image: in this measurement, with decoding.</p></section>`
}

function curveSection(curves: readonly Curve[]): Markup {
  const charts = Array.from({ length: Math.ceil(curves.length / runRoles.length) }, (_, index) =>
    curves
      .slice(index * runRoles.length, (index + 1) * runRoles.length)
      .map((curve, place) => ({ ...curve, role: elementAt(runRoles, place) })),
  )
  return html`<section><h2>Training</h2><p>Each training's own validation split.</p><div class="charts">${charts.map((series) => lineChart(series, { label: series.length === 1 ? `validation top-1: ${series[0]?.name ?? ''}` : 'validation top-1', format: (value) => `${(value * 100).toFixed(0)} %`, top: 1 }))}</div></section>`
}

function imageSection({ pair, onlyFirst, onlySecond }: DecidingImages): Markup {
  if (onlyFirst.length + onlySecond.length === 0) return html``
  const { first, second } = pair
  return html`<section><h2>${first} and ${second}</h2><div class="sides">
${gallery(`Correct only by ${first}`, pair.onlyFirst, onlyFirst, second)}
${gallery(`Correct only by ${second}`, pair.onlySecond, onlySecond, first)}</div></section>`
}

function gallery(title: string, count: number, shown: readonly DecidingImage[], other: string): Markup {
  if (shown.length === 0) return html``
  return html`<div><h3>${title} <small>${count === shown.length ? count : `${shown.length} of ${count}`} ${count === 1 ? 'image' : 'images'}</small></h3>
<div class="thumbnails">${shown.map(({ name, truth, predicted, thumbnail }) => html`<figure><img alt="${truth}" src="${dataUri(thumbnail)}"><figcaption><b>${truth}</b><br>${other}: <span class="bad">${predicted}</span><br>${name}</figcaption></figure>`)}</div></div>`
}
