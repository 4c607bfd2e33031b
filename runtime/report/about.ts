import type { Cost, DataSummary, ReportData } from './data.js'
import { counted, largeNumber } from './format.js'
import { splitsText } from './image_counts.js'
import { limitsOf } from './limits.js'
import { html, type Markup } from './markup.js'

/** Tables with more rows are collapsed. */
const mostUnfolded = 20

/** The data, the cost, the settings and the limits of the run. */
export function aboutSections(report: ReportData): Markup {
  const { data, cost, facts } = report
  return html`${data ? dataSection(data) : ''}
<section><h2>Cost</h2>${list(costFacts(cost))}</section>
<section><h2>The run</h2>${list(facts)}</section>
<section><h2>Limits</h2><ul>${limitsOf(report).map((limit) => html`<li>${limit}</li>`)}</ul></section>`
}

/** Returns the size and the time of the model, by name. */
export function costFacts(cost: Cost): (readonly [name: string, value: string])[] {
  const { parameters, multiplyAdds, weightBytes, trainingSeconds, millisecondsPerImage } = cost
  return [
    ['parameters', largeNumber(parameters)],
    ['multiply-adds per image', `${largeNumber(multiplyAdds)}, both passes included`],
    ['weights', `${(weightBytes / 1e6).toFixed(1)} MB`],
    ...(trainingSeconds === undefined
      ? []
      : [['training', `${durationText(trainingSeconds)}, without validation`] as const]),
    ...(millisecondsPerImage === undefined
      ? []
      : [
          ['prediction', `${millisecondsPerImage.toFixed(0)} ms per image on this machine, decoding included`] as const,
        ]),
  ]
}

function dataSection(data: DataSummary): Markup {
  const notes = data.notes.map((note) => html`<p>${note}</p>`)
  if (data.unclassified) return html`<section><h2>Data</h2><p>Images: ${splitsText(data)}.</p>${notes}</section>`
  const table = html`<div class="scroll" tabindex="0" role="region" aria-label="images by class"><table class="classes"><thead><tr><th scope="col">class</th><th scope="col" class="number">train</th><th scope="col" class="number">val</th><th scope="col" class="number">test</th></tr></thead>
<tbody>${data.classes.map(({ name, images }) => html`<tr><th scope="row">${name}</th><td class="number">${images.train}</td><td class="number">${images.val}</td><td class="number">${images.test}</td></tr>`)}</tbody></table></div>`
  return html`<section><h2>Data</h2><p>${counted(data.classes.length, 'class', 'classes')}; images: ${splitsText(data)}.</p>
${notes}
${data.classes.length > mostUnfolded ? html`<details><summary>Images by class</summary>${table}</details>` : table}</section>`
}

function list(facts: readonly (readonly [name: string, value: string])[]): Markup {
  return html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

/** 516 as `8 min 36 s` */
function durationText(seconds: number): string {
  const whole = Math.round(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}
