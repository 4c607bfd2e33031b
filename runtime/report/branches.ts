import type { ReportData } from './data.js'
import { differenceText, percent } from './format.js'
import { html, type Markup } from './markup.js'
import { branchesOf, roleOf } from './roles.js'

/** Compares whole image, crop, joint prediction and baseline, with the significance of differences. */
export function branchesSection({ evaluation, epochs, differences, baseline }: ReportData): Markup {
  if (!evaluation) return html``
  const branches = branchesOf({ evaluation, epochs })
  const rows = [...branches, 'joint'].flatMap((name) => {
    const share = evaluation.top1[name]
    return share === undefined ? [] : [{ name, share, role: roleOf(name, branches) as string }]
  })
  const all = [...rows, ...(baseline ? [{ name: baseline.name, share: baseline.top1, role: 'other' }] : [])]
  if (all.length < 2) return html``
  return html`<section><h2>Accuracy by branch</h2>
<table class="branches"><tbody>${all.map(({ name, share, role }) => html`<tr><th scope="row">${name}</th><td><div class="bar ${role}"><i style="width:${(share * 100).toFixed(1)}%"></i></div></td><td class="number">${percent(share)}</td></tr>`)}</tbody></table>
${differences.map((one) => html`<p>Joint prediction compared with <b>${one.branch}</b> alone: ${differenceText(one, 'the joint prediction', one.branch)}</p>`)}
${baseline ? html`<p>This run compared with the baseline <b>${baseline.name}</b>: ${differenceText(baseline, 'this run', 'the baseline')}</p>` : ''}
</section>`
}
