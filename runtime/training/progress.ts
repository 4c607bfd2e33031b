import type { Reporter } from '../reporter.js'
import { clock } from './clock.js'
import type { CacheCounts } from './feature_cache.js'
import type { StepLosses } from './learner.js'

interface Moment {
  readonly epoch: number
  /** Steps done in this epoch. */
  readonly step: number
  readonly rate: number
  /** Learning rates of parameter groups by name; 0 for a frozen one. */
  readonly groupRates: Readonly<Record<string, number>>
  readonly losses: StepLosses
  /** Counts of cached features in this epoch, if there is a cache. */
  readonly features?: CacheCounts
}

export interface MeterOptions {
  readonly reporter: Reporter
  readonly epochs: number
  readonly stepsPerEpoch: number
  /** Batches a step. */
  readonly accumulate: number
  /** Images a batch. */
  readonly batch: number
}

/** The weight of the latest batch in the moving average of the pace. */
const newest = 0.1

/** Reports speed and time left in one line that is updated, and one line per epoch. */
export class ProgressMeter {
  private readonly started = performance.now()
  private firstMilliseconds = 0
  private stepMilliseconds = 0
  private batches = 0
  /** The current milliseconds per batch, including waiting for it. */
  private pace: number | undefined
  private evaluation = 0
  private lastShown = 0
  private epochStarted = 0
  private asked = 0
  private waited = 0
  private featureMilliseconds = 0

  constructor(private readonly options: MeterOptions) {}

  beginEpoch(): void {
    this.epochStarted = performance.now()
    this.waited = 0
    this.askForBatch()
  }

  askForBatch(): void {
    this.asked = performance.now()
  }

  gotBatch(): void {
    this.waited += performance.now() - this.asked
  }

  /** The share of the epoch's time that was spent waiting for images, from 0 to 1. */
  get waitingShare(): number {
    return this.waited / (performance.now() - this.epochStarted)
  }

  /** Measures how long the features of a batch take, which belong to its step. */
  async timeFeatures<T>(compute: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await compute()
    this.featureMilliseconds = performance.now() - start
    return result
  }

  /** Measures what is done with one batch. */
  time<T>(step: () => T): T {
    const start = performance.now() - this.featureMilliseconds
    this.featureMilliseconds = 0
    const result = step()
    const end = performance.now()
    // The first batch also initialises what later ones reuse, so it does not count in the rate.
    if (this.batches === 0) this.firstMilliseconds = end - start
    else {
      this.stepMilliseconds += end - start
      this.pace = this.pace === undefined ? end - this.asked : (1 - newest) * this.pace + newest * (end - this.asked)
    }
    this.batches++
    return result
  }

  async timeEvaluation<T>(evaluation: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await evaluation()
    this.evaluation = performance.now() - start
    return result
  }

  /** Without the first batch, where there were more; 0 before it. */
  get secondsPerStep(): number {
    const mean = this.batches > 1 ? this.stepMilliseconds / (this.batches - 1) : this.firstMilliseconds
    return (mean / 1000) * this.options.accumulate
  }

  get seconds(): number {
    return (performance.now() - this.started) / 1000
  }

  show({ epoch, step, rate, groupRates, losses, features }: Moment): void {
    const now = performance.now()
    const { reporter, epochs, stepsPerEpoch, accumulate, batch } = this.options
    if (step < stepsPerEpoch && now - this.lastShown < 100) return
    this.lastShown = now
    const pace = this.pace ?? now - this.asked
    const steps = (epochs - epoch) * stepsPerEpoch - step
    const left = (steps * accumulate * pace + (epochs - epoch) * this.evaluation) / 1000
    const parts = Object.entries(losses).map(([name, value]) => `${name} ${value.toFixed(3)}`)
    const groups = Object.entries(groupRates).map(([name, own]) => `${name} ${own === 0 ? 'frozen' : rateText(own)}`)
    reporter.progress(
      [
        `epoch ${epoch + 1}/${epochs}`,
        `step ${step}/${stepsPerEpoch}`,
        `${((batch * 1000) / pace).toPrecision(3)} images/s`,
        `${clock(left)} left`,
        parts.join(' '),
        [`rate ${rateText(rate)}`, ...groups].join(' '),
        ...(features ? [`${features.found} of ${features.found + features.computed} images cached`] : []),
        `${(process.memoryUsage.rss() / 2 ** 30).toFixed(1)} GiB`,
      ].join(' · '),
    )
  }

  epochLine(epoch: number, losses: StepLosses, evaluation: string): string {
    return `epoch ${epoch + 1}/${this.options.epochs} · ${clock(this.seconds)} · loss ${(losses.total ?? 0).toFixed(3)} · ${evaluation}`
  }
}

/** `0.0012` */
function rateText(rate: number): string {
  return String(Number(rate.toPrecision(2)))
}
