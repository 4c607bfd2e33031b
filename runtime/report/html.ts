import type { Evaluation } from '../inference/evaluate.js'
import { lineChart } from './chart.js'
import type { ReportData, ShownPicture } from './data.js'
import { html, Markup } from './markup.js'
import { style } from './style.js'

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** One HTML file that needs nothing else: no script, no request, pictures inside. */
export function renderReport(data: ReportData): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${data.title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header><h1>${data.title}</h1><p>${data.subtitle}</p></header>
<main>
${data.notes.map((note) => html`<p class="note">${note}</p>`)}
${data.evaluation ? summary(data.evaluation) : ''}
${curves(data)}
${data.pictures.length > 0 ? gallery(data.pictures) : ''}
${data.evaluation ? confusion(data.evaluation) : ''}
${data.evaluation ? classTable(data.evaluation) : ''}
<section><h2>The run</h2><dl>${data.facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>
<section><h2>The spec</h2><pre>${data.spec}</pre></section>
</main>
</body>
</html>
`
  return page.text
}

function summary({ top1, top5, pictures, localisation }: Evaluation): Markup {
  const cards = [
    ...Object.entries(top1).map(([name, share]) => [`top-1, ${name}`, percent(share)] as const),
    ['top-5', percent(top5)] as const,
    ...(localisation
      ? ([
          ['crop against true box, mean overlap', percent(localisation.meanIou)],
          ['crops at half overlap or more', percent(localisation.over50)],
        ] as const)
      : []),
    ['pictures', String(pictures)] as const,
  ]
  return html`<section class="cards">${cards.map(([name, value]) => html`<div class="card"><b>${value}</b><span>${name}</span></div>`)}</section>`
}

function curves({ epochs }: ReportData): Markup {
  if (epochs.length === 0) return html``
  const names = (pick: (record: (typeof epochs)[number]) => object) => [
    ...new Set(epochs.flatMap((record) => Object.keys(pick(record)))),
  ]
  const losses = names(({ losses }) => losses).map((name) => ({
    name,
    values: epochs.map(({ losses }) => losses[name] ?? Number.NaN),
  }))
  const accuracies = names(({ top1 }) => top1).map((name) => ({
    name,
    values: epochs.map(({ top1 }) => top1[name] ?? Number.NaN),
  }))
  return html`<section><h2>Training</h2><div class="charts">
${lineChart(losses, { label: 'loss, mean of each epoch', format: (value) => value.toPrecision(2) })}
${accuracies.length > 0 ? lineChart(accuracies, { label: 'top-1 on the val pictures', format: (value) => `${(value * 100).toFixed(0)} %`, top: 1 }) : ''}
</div></section>`
}

function gallery(pictures: readonly ShownPicture[]): Markup {
  return html`<section><h2>Where it looked</h2>
<p>The picture, the attention map with the crop's box (white; the true box dashed green where it is known), and the crop that was looked at again.</p>
<div class="gallery">${pictures.map(pictureCard)}</div></section>`
}

function pictureCard({ name, truth, guesses, picture, overlay, crop }: ShownPicture): Markup {
  const right = guesses.find(({ by }) => by === 'joint')?.name === truth
  return html`<article class="${right ? 'right' : 'wrong'}">
<div class="strip">${[picture, overlay, crop].flatMap((bytes) => (bytes ? [html`<img alt="" src="${dataUri(bytes)}">`] : []))}</div>
<h3>${truth} <small>${name}</small></h3>
<table>${guesses.map((guess) => html`<tr><td>${guess.by}</td><td>${guess.name}</td><td class="${guess.name === truth ? 'good' : 'bad'}">${percent(guess.probability)}</td></tr>`)}</table>
</article>`
}

function dataUri(bytes: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`
}

/** Rows are true classes, columns predictions; the darker, the larger the share of its row. */
function confusion({ confusion: counts, perClass }: Evaluation): Markup {
  const cell = Math.max(3, Math.min(22, Math.floor(640 / Math.max(1, counts.length))))
  const size = counts.length * cell
  const label = cell >= 10
  const left = label ? 150 : 0
  const squares = counts.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0)
    return row.flatMap((count, predicted) =>
      count === 0
        ? []
        : [
            html`<rect x="${left + predicted * cell}" y="${truth * cell}" width="${cell - 1}" height="${cell - 1}" class="${truth === predicted ? 'hit' : 'miss'}" fill-opacity="${(0.15 + (0.85 * count) / total).toFixed(2)}"><title>${perClass[truth]?.name ?? ''} taken for ${perClass[predicted]?.name ?? ''}: ${count} of ${total}</title></rect>`,
          ],
    )
  })
  const names = label
    ? perClass.map(
        ({ name }, index) =>
          html`<text class="tick" x="${left - 6}" y="${index * cell + cell * 0.75}" text-anchor="end">${name.length > 22 ? `${name.slice(0, 21)}…` : name}</text>`,
      )
    : []
  return html`<section><h2>What was taken for what</h2><p>Rows are true classes, columns predictions, in one order. Point at a square for its count.</p>
<svg class="confusion" viewBox="0 0 ${left + size} ${size}" style="max-width:${left + size}px">${names}${squares}</svg></section>`
}

function classTable({ perClass }: Evaluation): Markup {
  return html`<section><h2>Class by class</h2><table class="classes"><thead><tr><th>class</th><th>pictures</th><th>right</th><th></th></tr></thead>
<tbody>${perClass.map(({ name, pictures, correct }) => html`<tr><td>${name}</td><td>${pictures}</td><td>${correct}</td><td><div class="bar"><i style="width:${pictures === 0 ? 0 : Math.round((100 * correct) / pictures)}%"></i></div></td></tr>`)}</tbody></table></section>`
}
