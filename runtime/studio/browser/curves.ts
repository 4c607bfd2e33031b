import { lineChart, type Series } from '../../report/chart.js'
import { seriesOf, short } from '../../report/curves.js'
import { html, type Markup } from '../../report/markup.js'
import { type Role, roleOf } from '../../report/roles.js'
import { type RunState, topOne } from '../state.js'
import { roleOfRun } from './standing.js'

const percentage = (value: number) => `${(value * 100).toFixed(0)} %`

/** Accuracies, losses and learning rate of one run. */
export function curves({ ends, steps }: RunState): Markup {
  if (ends.length === 0 && steps.length === 0) return html``
  const branches = Object.keys(ends.at(-1)?.top1 ?? {}).filter((name) => name !== 'joint')
  const roleIn = (name: string) => roleOf(name, branches)
  const ofSteps = (name: string, role: Role, pick: (step: RunState['steps'][number]) => number): Series[] =>
    steps.length === 0 ? [] : [{ name, role, points: steps.map((step) => [step.epoch, pick(step)] as const) }]
  const scores = ends.flatMap(({ epoch, score }) => (score && score.metric !== topOne ? [{ epoch, ...score }] : []))
  const [scored] = scores
  const accuracies = seriesOf(ends, ({ top1 }) => top1, roleIn)
  const losses = seriesOf(ends, ({ losses: of }) => of, roleIn)
  return html`<h2>Curves</h2><div class="charts">
${accuracies.length > 0 ? lineChart(accuracies, { label: 'top-1 accuracy on the validation split', format: percentage, top: 1 }) : ''}
${scored ? chart([{ name: scored.metric, role: 'joint', points: scores.map(({ epoch, value }) => [epoch, value] as const) }], `${scored.metric} on the validation split`) : ''}
${chart(
  ofSteps('loss', 'loss', ({ loss }) => loss),
  'total loss of single steps',
)}
${chart(losses, 'losses, mean per epoch')}
${chart(
  ofSteps('rate', 'other', ({ rate }) => rate),
  'learning rate',
)}
</div>`
}

/** The accuracy of the joint prediction of several runs. */
export function comparison(runs: readonly RunState[]): Markup {
  const series = runs
    .filter(({ ends }) => ends.some(({ top1 }) => top1.joint !== undefined))
    .map(({ id, name, ends }) => ({
      name,
      role: roleOfRun(id),
      points: ends.map(({ epoch, top1 }) => [epoch, top1.joint ?? Number.NaN] as const),
    }))
  if (series.length < 2) return html``
  return html`<h2>Runs compared</h2><div class="charts">${lineChart(series, { label: 'top-1 accuracy on the validation split', format: percentage, top: 1 })}</div>`
}

function chart(series: readonly Series[], label: string): Markup {
  return series.length === 0 ? html`` : lineChart(series, { label, format: short })
}
