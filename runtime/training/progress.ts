import type { Reporter } from '../reporter.js'
import type { StepLosses } from './learner.js'

interface Moment {
  readonly epoch: number
  /** Steps done in this epoch. */
  readonly step: number
  readonly rate: number
  readonly losses: StepLosses
}

/** Speed and time left, told in one line that keeps changing and one line an epoch. */
export class ProgressMeter {
  private readonly started = performance.now()
  private stepMilliseconds = 0
  private steps = 0
  private lastShown = 0
  private epochStarted = 0
  private asked = 0
  private waited = 0

  constructor(
    private readonly reporter: Reporter,
    private readonly epochs: number,
    private readonly stepsPerEpoch: number,
    private readonly batch: number,
  ) {}

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

  /** The share of the epoch's time so far that went by waiting for pictures, from 0 to 1. */
  get waitingShare(): number {
    return this.waited / (performance.now() - this.epochStarted)
  }

  /** Measures one step. */
  time<T>(step: () => T): T {
    const start = performance.now()
    const result = step()
    // The first step also builds what later ones reuse; it says nothing of the rate.
    if (this.steps > 0) this.stepMilliseconds += performance.now() - start
    this.steps++
    return result
  }

  get secondsPerStep(): number {
    return this.steps > 1 ? this.stepMilliseconds / 1000 / (this.steps - 1) : 0
  }

  get seconds(): number {
    return (performance.now() - this.started) / 1000
  }

  show({ epoch, step, rate, losses }: Moment): void {
    const now = performance.now()
    const last = step === this.stepsPerEpoch
    if (!last && now - this.lastShown < 100) return
    this.lastShown = now
    const picturesPerSecond = (this.steps * this.batch) / this.seconds
    const left =
      ((this.epochs - epoch - 1) * this.stepsPerEpoch + this.stepsPerEpoch - step) * (this.seconds / this.steps)
    const parts = Object.entries(losses).map(([name, value]) => `${name} ${value.toFixed(3)}`)
    this.reporter.progress(
      [
        `epoch ${epoch + 1}/${this.epochs}`,
        `step ${step}/${this.stepsPerEpoch}`,
        `${picturesPerSecond.toFixed(0)} pictures/s`,
        `${clock(left)} left`,
        parts.join(' '),
        `rate ${rate.toPrecision(2)}`,
      ].join(' · '),
    )
  }

  epochLine(epoch: number, losses: StepLosses, evaluation: string): string {
    return `epoch ${epoch + 1}/${this.epochs} · ${clock(this.seconds)} · loss ${(losses.total ?? 0).toFixed(3)} · ${evaluation}`
  }
}

/** `1:05`, `1:02:03` */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}
