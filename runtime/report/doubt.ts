import type { ReportData } from './data.js'
import { html, type Markup } from './markup.js'

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** Labels that are probably wrong, with a link to the complete list. */
export function doubtSection({ count, labels, list }: NonNullable<ReportData['doubtful']>): Markup {
  if (count === 0) return html``
  return html`<section><h2>Labels in doubt</h2>
<p>${count} ${count === 1 ? 'label' : 'labels'} of the validation images ${count === 1 ? 'is' : 'are'} probably wrong, by confident learning. ${list === undefined ? 'The command wsban data doubt writes the complete list.' : html`The complete list: <a href="${list}">${list}</a>.`}</p>
<table><tr><th>image</th><th>label</th><th></th><th>more likely</th><th></th></tr>${labels.map(({ name, label, suggested, labelProbability, suggestedProbability }) => html`<tr><td>${name}</td><td>${label}</td><td class="number">${percent(labelProbability)}</td><td>${suggested}</td><td class="number">${percent(suggestedProbability)}</td></tr>`)}</table></section>`
}
