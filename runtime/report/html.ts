import type { Evaluation } from '../inference/evaluate.js'
import { calibrationChart } from './calibration.js'
import { lineChart } from './chart.js'
import { classSection, confusionSection } from './confusion.js'
import type { BranchDifference, EpochRecord, ReportData, ShownImage } from './data.js'
import { html, Markup } from './markup.js'
import { style } from './style.js'

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const points = (share: number) => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)}`

/** One HTML file that needs nothing else: no script, no request, images inside. */
export function renderReport(data: ReportData): string {
  const { evaluation, examples, mistakes } = data
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
${evaluation ? summary(evaluation) : ''}
${evaluation ? branches(evaluation, data.differences) : ''}
${examples.length > 0 ? gallery('Where it looked', 'The image; the attention map with the crop’s box (white; the true box dashed green where it is known); and the crop, which was looked at again.', examples) : ''}
${mistakes.length > 0 ? gallery('Worst mistakes', 'Wrong, and the surest of it first. A mistake is often an image with a wrong label, or one that shows two things.', mistakes) : ''}
${evaluation ? confusionSection(evaluation) : ''}
${evaluation ? classSection(evaluation) : ''}
${evaluation ? calibrationChart(evaluation) : ''}
${curves(data)}
<section><h2>The run</h2><dl>${data.facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>
<section><details><summary><h2>The spec</h2></summary><pre>${data.spec}</pre></details></section>
</main>
</body>
</html>
`
  return page.text
}

function summary({
  top1,
  top5,
  images,
  calibrationError,
  localisation,
  discriminativePart,
  perClass,
}: Evaluation): Markup {
  const cards = [
    ...(top1.joint === undefined ? [] : [['right (top-1)', percent(top1.joint)] as const]),
    ...(perClass.length > 5 ? [['among the first five', percent(top5)] as const] : []),
    ...(localisation
      ? ([
          ['crop against true box, mean overlap', percent(localisation.meanIou)],
          ['crops at half overlap or more', percent(localisation.over50)],
        ] as const)
      : []),
    ...(discriminativePart
      ? ([
          ['crops that capture the discriminative part', percent(discriminativePart.captured)],
          ['the same by chance', percent(discriminativePart.byChance)],
        ] as const)
      : []),
    ['calibration error', percent(calibrationError)] as const,
    ['images it was not trained on', String(images)] as const,
  ]
  return html`<section><div class="cards">${cards.map(([name, value]) => html`<div class="card"><b>${value}</b><span>${name}</span></div>`)}</div>
<p class="aside">All of it on the val images. They also chose which checkpoint is kept, so a test set may come out a little lower.</p></section>`
}

/** Whole image against crop against both together, and what of it is more than chance. */
function branches({ top1 }: Evaluation, differences: readonly BranchDifference[]): Markup {
  const entries = Object.entries(top1).sort(([a], [b]) => Number(a === 'joint') - Number(b === 'joint'))
  if (entries.length < 2) return html``
  return html`<section><h2>Whole image, crop, and both together</h2>
<table class="branches">${entries.map(([name, share]) => html`<tr><th>${name}</th><td><div class="bar ${name === 'joint' ? 'joint' : ''}"><i style="width:${(share * 100).toFixed(1)}%"></i></div></td><td class="number">${percent(share)}</td></tr>`)}</table>
${differences.map(({ branch, difference, interval: [low, high], onlyFirst, onlySecond, pValue }) => html`<p>The joint answer against <b>${branch}</b> alone: ${points(difference)} points (95 % interval ${points(low)} to ${points(high)}); ${onlyFirst} ${onlyFirst === 1 ? 'image' : 'images'} only the joint one got right, ${onlySecond} only ${branch}. ${pValue < 0.05 ? 'That is more than chance' : 'Chance alone would do as much'} (McNemar, ${pValue < 0.001 ? 'p below 0.001' : `p = ${pValue.toPrecision(2)}`}).</p>`)}
</section>`
}

function curves({ epochs, steps, best }: ReportData): Markup {
  if (epochs.length === 0) return html``
  const mark = best === undefined || best === 0 ? {} : { mark: { x: best, label: 'kept' } }
  const losses = seriesOf(epochs, ({ losses }) => losses)
  const accuracies = seriesOf(epochs, ({ top1 }) => top1)
  const ofSteps = (name: string, pick: (step: (typeof steps)[number]) => number) => [
    { name, points: steps.map((step) => [step.epoch, pick(step)] as const) },
  ]
  return html`<section><h2>Training</h2><div class="charts">
${accuracies.length > 0 ? lineChart(accuracies, { label: 'top-1 on the val images', format: (value) => `${(value * 100).toFixed(0)} %`, top: 1, ...mark }) : ''}
${lineChart(losses, { label: 'every loss, mean of each epoch', format: short, ...mark })}
${
  steps.length > 0
    ? lineChart(
        ofSteps('rate', ({ rate }) => rate),
        { label: 'learning rate', format: short },
      )
    : ''
}
${
  steps.length > 0
    ? lineChart(
        ofSteps('norm', ({ gradientNorm }) => gradientNorm),
        { label: 'norm of all gradients', format: short },
      )
    : ''
}
</div></section>`
}

function seriesOf(epochs: readonly EpochRecord[], pick: (record: EpochRecord) => Readonly<Record<string, number>>) {
  const names = [...new Set(epochs.flatMap((record) => Object.keys(pick(record))))]
  return names.map((name) => ({
    name,
    points: epochs.map((record) => [record.epoch, pick(record)[name] ?? Number.NaN] as const),
  }))
}

/** `0.0012`, `3.5`, `1.2e-7` */
function short(value: number): string {
  return value === 0 ? '0' : String(Number(value.toPrecision(2)))
}

function gallery(title: string, text: string, images: readonly ShownImage[]): Markup {
  return html`<section><h2>${title}</h2>
<p>${text}</p>
<div class="gallery">${images.map(imageCard)}</div></section>`
}

function imageCard({ name, truth, guesses, image, overlay, crop, overlap }: ShownImage): Markup {
  const right = guesses.find(({ by }) => by === 'joint')?.name === truth
  return html`<article class="${right ? 'right' : 'wrong'}">
<div class="strip">${[image, overlay, crop].flatMap((bytes) => (bytes ? [html`<img alt="" src="${dataUri(bytes)}">`] : []))}</div>
<h3>${truth} <small>${name}${overlap === undefined ? '' : ` · crop and true box overlap by ${(overlap * 100).toFixed(0)} %`}</small></h3>
<table>${guesses.map((guess) => html`<tr><td>${guess.by}</td><td>${guess.name}</td><td class="number ${guess.name === truth ? 'good' : 'bad'}">${percent(guess.probability)}</td></tr>`)}</table>
</article>`
}

function dataUri(bytes: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`
}
