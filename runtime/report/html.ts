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
${examples.length > 0 ? gallery('Attention and crops', 'The image; its attention map with the crop box in white (the annotated box, where there is one, in dashed green); and the crop, the input of the second pass.', examples) : ''}
${mistakes.length > 0 ? gallery('Most confident mistakes', 'Wrong predictions, the most confident first. Many show a wrong label, or more than one object.', mistakes) : ''}
${data.doubtful ? doubtSection(data.doubtful) : ''}
${evaluation ? confusionSection(evaluation) : ''}
${evaluation ? classSection(evaluation) : ''}
${evaluation ? calibrationChart(evaluation, data.calibration) : ''}
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
    ...(top1.joint === undefined ? [] : [['top-1 accuracy', percent(top1.joint)] as const]),
    ...(perClass.length > 5 ? [['top-5 accuracy', percent(top5)] as const] : []),
    ...(localisation
      ? ([
          ['mean IoU of crop and annotated box', percent(localisation.meanIou)],
          ['crops with IoU of at least 0.5', percent(localisation.over50)],
        ] as const)
      : []),
    ...(discriminativePart
      ? ([
          ['crops that capture the discriminative part', percent(discriminativePart.captured)],
          ['expected by chance', percent(discriminativePart.byChance)],
        ] as const)
      : []),
    ['calibration error', percent(calibrationError)] as const,
    ['validation images', String(images)] as const,
  ]
  return html`<section><div class="cards">${cards.map(([name, value]) => html`<div class="card"><b>${value}</b><span>${name}</span></div>`)}</div>
<p class="aside">Measured on the validation split, which also selected the best checkpoint: expect slightly lower accuracy on a test set.</p></section>`
}

/** Labels that are probably wrong, with a link to the complete list. */
function doubtSection({ count, labels, list }: NonNullable<ReportData['doubtful']>): Markup {
  if (count === 0) return html``
  return html`<section><h2>Labels in doubt</h2>
<p>${count} ${count === 1 ? 'label' : 'labels'} of the validation images ${count === 1 ? 'is' : 'are'} probably wrong, by confident learning. ${list === undefined ? 'The command wsban data doubt writes the complete list.' : html`The complete list: <a href="${list}">${list}</a>.`}</p>
<table><tr><th>image</th><th>label</th><th></th><th>more likely</th><th></th></tr>${labels.map(({ name, label, suggested, labelProbability, suggestedProbability }) => html`<tr><td>${name}</td><td>${label}</td><td class="number">${percent(labelProbability)}</td><td>${suggested}</td><td class="number">${percent(suggestedProbability)}</td></tr>`)}</table></section>`
}

/** Whole image against crop against both together, and what of it is more than chance. */
function branches({ top1 }: Evaluation, differences: readonly BranchDifference[]): Markup {
  const entries = Object.entries(top1).sort(([a], [b]) => Number(a === 'joint') - Number(b === 'joint'))
  if (entries.length < 2) return html``
  return html`<section><h2>Accuracy by branch</h2>
<table class="branches">${entries.map(([name, share]) => html`<tr><th>${name}</th><td><div class="bar ${name === 'joint' ? 'joint' : ''}"><i style="width:${(share * 100).toFixed(1)}%"></i></div></td><td class="number">${percent(share)}</td></tr>`)}</table>
${differences.map(({ branch, difference, interval: [low, high], onlyFirst, onlySecond, pValue }) => html`<p>Joint prediction compared with <b>${branch}</b> alone: ${points(difference)} points (95 % interval ${points(low)} to ${points(high)}); ${onlyFirst} ${onlyFirst === 1 ? 'image' : 'images'} classified correctly only by the joint prediction, ${onlySecond} only by ${branch}. ${pValue < 0.05 ? 'The difference is significant' : 'The difference is not significant'} (McNemar, ${pValue < 0.001 ? 'p below 0.001' : `p = ${pValue.toPrecision(2)}`}).</p>`)}
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
${accuracies.length > 0 ? lineChart(accuracies, { label: 'top-1 accuracy on the validation split', format: (value) => `${(value * 100).toFixed(0)} %`, top: 1, ...mark }) : ''}
${lineChart(losses, { label: 'losses, mean per epoch', format: short, ...mark })}
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
        { label: 'gradient norm', format: short },
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
<h3>${truth} <small>${name}${overlap === undefined ? '' : ` · IoU ${(overlap * 100).toFixed(0)} %`}</small></h3>
<table>${guesses.map((guess) => html`<tr><td>${guess.by}</td><td>${guess.name}</td><td class="number ${guess.name === truth ? 'good' : 'bad'}">${percent(guess.probability)}</td></tr>`)}</table>
</article>`
}

function dataUri(bytes: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`
}
