import { percent } from '../../report/format.js'
import { html, type Markup } from '../../report/markup.js'
import { type RunRole, runRoles } from '../../report/roles.js'
import { clock } from '../../training/clock.js'
import { type RunState, topOne } from '../state.js'

/** The run's name and progress, and the buttons that stop or resume it. */
export function standing(run: RunState): Markup {
  const { condition, epochs, epoch, said, problem, name } = run
  return html`<div class="standing"><h2>${name}</h2>${buttonOf(run)}</div>
<p>${sentenceOf(run)}</p>
${epochs > 0 ? html`<progress aria-label="epochs done" max="${epochs}" value="${epoch}"></progress>` : ''}
${said !== undefined && isUnderWay(condition) ? html`<p class="said">${said}</p>` : ''}
${problem === undefined ? '' : html`<p class="problem">${problem}</p>`}`
}

function isUnderWay(condition: RunState['condition']): boolean {
  return condition === 'waiting' || condition === 'training' || condition === 'stopping'
}

function buttonOf({ condition }: RunState): Markup {
  if (condition === 'training' || condition === 'waiting')
    return html`<button type="button" data-key="stop" data-action="stop">Stop</button>`
  if (condition === 'stopping') return html`<button type="button" disabled>Stopping …</button>`
  if (condition === 'stopped')
    return html`<button type="button" class="main" data-key="resume" data-action="resume">Continue</button>`
  return html``
}

function sentenceOf({ condition, epochs, epoch, secondsLeft, best, holder, model }: RunState): string {
  const done = `epoch ${Math.min(epochs, Math.floor(epoch + 1e-9))} of ${epochs} is done`
  const accuracy = best === undefined ? '' : ` The best so far: ${scoreText(best)} after epoch ${best.epoch}.`
  const left = secondsLeft === undefined ? '' : `, about ${clock(secondsLeft)} left`
  switch (condition) {
    case 'waiting':
      return 'Preparing …'
    case 'training':
      return `${model} is training: ${done}${left}.${accuracy}`
    case 'elsewhere':
      return `${model} is trained by ${holder ?? 'another process'}: ${done}${left}.${accuracy} Ctrl-C in its terminal stops it.`
    case 'stopping':
      return `Stops after the step under way; ${done}.${accuracy}`
    case 'stopped':
      return epochs === 0 ? 'Training did not begin.' : `Stopped: ${done}.${accuracy}`
    case 'finished':
      return `Finished: ${epochs} epochs.${accuracy.replace('The best so far', 'The best')}`
  }
}

/** `58.8 % top-1`, `traits mAP 0.83` */
function scoreText({ metric, value }: NonNullable<RunState['best']>): string {
  return metric === topOne ? `${percent(value)} ${metric}` : `${metric} ${Number(value.toPrecision(3))}`
}

/** The list of runs. */
export function runList(runs: readonly RunState[], chosen: number): Markup {
  if (runs.length === 0)
    return html`<li>No run is here yet. Begin one in another terminal: <code>wsban train wsban_lite --data PHOTOS</code></li>`
  return html`${runs.map(
    ({ id, name, condition, epoch, epochs, best }) =>
      html`<li class="${roleOfRun(id)}"><button type="button" data-key="run-${id}" data-run="${id}" aria-pressed="${id === chosen ? 'true' : 'false'}">${name}<small>${condition === 'elsewhere' ? 'training' : condition}, epoch ${Math.floor(epoch + 1e-9)} of ${epochs}${best ? html`, ${scoreText(best)}` : ''}</small></button></li>`,
  )}`
}

/** Runs have the colours of a comparison, by position. */
export function roleOfRun(id: number): RunRole {
  return runRoles[id % runRoles.length] ?? 'run1'
}
