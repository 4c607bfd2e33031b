import { lineChart, type Series } from './chart.js'
import type { EpochRecord, ReportData } from './data.js'
import { html, type Markup } from './markup.js'
import { branchesOf, type Role, roleOf } from './roles.js'

/** The curves of accuracies, losses, learning rate and gradient norm. */
export function curvesSection(data: ReportData): Markup {
  const { epochs, steps, best } = data
  if (epochs.length === 0) return html``
  const branches = branchesOf(data)
  const roleIn = (name: string) => roleOf(name, branches)
  const mark = best === undefined || best === 0 ? {} : { mark: { x: best, label: 'kept' } }
  const accuracies = seriesOf(epochs, ({ top1 }) => top1, roleIn)
  const scores = seriesOf(epochs, (epoch) => epoch.scores ?? {}, roleIn)
  const losses = seriesOf(epochs, ({ losses }) => losses, roleIn)
  const ofSteps = (name: string, label: string, pick: (step: (typeof steps)[number]) => number) => {
    if (steps.length === 0) return html``
    const series = { name, role: 'other' as const, points: steps.map((step) => [step.epoch, pick(step)] as const) }
    return lineChart([series], { label, format: short })
  }
  return html`<section><h2>Training</h2><div class="charts">
${accuracies.length > 0 ? lineChart(accuracies, { label: 'top-1 accuracy on the validation split', format: (value) => `${(value * 100).toFixed(0)} %`, top: 1, ...mark }) : ''}
${scores.length > 0 ? lineChart(scores, { label: 'main metric of each prediction on the validation split', format: short, ...mark }) : ''}
${lineChart(losses, { label: 'losses, mean per epoch', format: short, ...mark })}
${ofSteps('rate', 'learning rate', ({ rate }) => rate)}
${ofSteps('norm', 'gradient norm', ({ gradientNorm }) => gradientNorm)}
</div></section>`
}

/** Returns a line for each number that `pick` takes from the epochs, by its name. */
export function seriesOf<Epoch extends Pick<EpochRecord, 'epoch'>>(
  epochs: readonly Epoch[],
  pick: (record: Epoch) => Readonly<Record<string, number>>,
  roleIn: (name: string) => Role,
): Series[] {
  const names = [...new Set(epochs.flatMap((record) => Object.keys(pick(record))))]
  return names.map((name) => ({
    name,
    role: roleIn(name),
    points: epochs.map((record) => [record.epoch, pick(record)[name] ?? Number.NaN] as const),
  }))
}

/** `0.0012`, `3.5`, `1.2e-7` */
export function short(value: number): string {
  return value === 0 ? '0' : String(Number(value.toPrecision(2)))
}
