import { element } from './markdown.js'
import { byId, doing, save, say } from './page.js'
import { part } from './parts.js'
import type { CodeRequests } from './workers/code_requests.js'
import type { EpochReport, StepReport, TrainingRequests } from './workers/training_requests.js'
import { WorkerPart } from './workers/worker_part.js'

/** The default seed of `wsban train`. */
const seed = 1

export interface TrainedWeights {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Trains the text's model on the sample birds, in a worker. */
export class TrainingView {
  private readonly worker = new WorkerPart<TrainingRequests>('trainingWorker')
  private running = false
  private losses: number[] = []
  private epochs: EpochReport[] = []
  private trained: TrainedWeights | undefined
  private runs = 0

  /**
   * @param specNow returns the editor's text; undefined while it has errors
   * @param use takes the weights when the training ends
   */
  constructor(
    private readonly code: WorkerPart<CodeRequests>,
    private readonly specNow: () => { readonly name: string; readonly text: string } | undefined,
    private readonly use: (weights: TrainedWeights) => Promise<void>,
  ) {
    byId('train', HTMLElement).addEventListener('click', () => void doing('Preparing to train', () => this.start()))
    byId('stop', HTMLElement).addEventListener('click', () => void doing('Stopping', () => this.stop()))
    byId('save-weights', HTMLElement).addEventListener('click', () => {
      if (this.trained) save(`${this.trained.name}.safetensors`, this.trained.bytes, 'application/octet-stream')
    })
  }

  /** Enables training if the text has a model without errors. */
  enable(whole: boolean): void {
    byId('train', HTMLButtonElement).disabled = !whole || this.running
  }

  private async start(): Promise<void> {
    const spec = this.specNow()
    if (!spec || this.running) return
    this.setRunning(true)
    this.losses = []
    this.epochs = []
    byId('epochs', HTMLElement).replaceChildren()
    this.drawCurve()
    try {
      const birds = await part('trainingBirds')
      const modules = await this.code.ask('modules', { spec, set: { classes: birds.classes.length } })
      say('Training: the page stays usable.')
      const { weights, top1 } = await this.worker.ask('train', { modules, birds, seed }, (told) => {
        if (told.kind === 'step') this.showStep(told)
        else this.showEpoch(told)
      })
      this.runs++
      this.trained = { name: `trained-here-${this.runs}`, bytes: weights }
      byId('save-weights', HTMLButtonElement).disabled = false
      await this.use(this.trained)
      say(
        top1 === undefined
          ? 'Stopped before the first epoch ended. The photo is answered with the weights so far.'
          : `Trained: ${percent(top1)} of the validation birds are right. The photo is answered with these weights.`,
      )
    } finally {
      this.setRunning(false)
    }
  }

  private async stop(): Promise<void> {
    if (this.running) await this.worker.ask('stop', undefined)
  }

  private setRunning(running: boolean): void {
    this.running = running
    byId('train', HTMLButtonElement).disabled = running
    byId('stop', HTMLButtonElement).disabled = !running
    if (!running) byId('pace', HTMLElement).textContent = ''
  }

  private showStep({ epoch, epochs, step, steps, loss, imagesPerSecond }: StepReport): void {
    this.losses.push(loss)
    const seconds = this.epochs.reduce((sum, one) => sum + one.seconds, 0) / Math.max(1, this.epochs.length)
    const left = this.epochs.length > 0 ? ` · ${clock((seconds * (steps - step)) / (steps / epochs))} left` : ''
    byId('pace', HTMLElement).textContent =
      `epoch ${epoch} of ${epochs} · step ${step} of ${steps} · ${imagesPerSecond.toFixed(1)} images/s · loss ${loss.toFixed(3)}${left}`
    this.drawCurve(steps)
  }

  private showEpoch(report: EpochReport): void {
    this.epochs.push(report)
    const row = element('tr')
    const { epoch, loss, top1, seconds } = report
    for (const text of [String(epoch), loss.toFixed(3), percent(top1), `${seconds.toFixed(0)} s`])
      row.append(element('td', '', text))
    byId('epochs', HTMLElement).append(row)
  }

  /** Draws the loss of each step as a line. */
  private drawCurve(steps = 1): void {
    const [width, height] = [320, 90]
    const most = Math.max(1e-9, ...this.losses)
    const points = this.losses.map(
      (loss, index) =>
        `${((index / Math.max(1, steps - 1)) * width).toFixed(1)},${(height - (loss / most) * (height - 4)).toFixed(1)}`,
    )
    byId('curve', SVGPolylineElement).setAttribute('points', points.join(' '))
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function clock(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
