import { resolve } from 'node:path'
import type { EngineName } from '../engines/index.js'
import { reasonOf } from '../failure.js'
import { runsIn } from '../runs/find.js'
import type { SpecHost } from '../specs/host.js'
import { PhotoPredictor } from './photo_predictor.js'
import type { StudioState } from './state.js'
import { TrainingProcess } from './training_process.js'
import { WatchedRun } from './watched_run.js'

/** The polling interval of the run folders, in milliseconds. */
const interval = 500

/** The maximum number of runs that are found in the working folder; older ones are omitted. */
const mostFound = 12

export interface StudioOptions {
  /** The runs to follow; by default all runs of the working folder, including later ones. */
  readonly runs?: readonly string[]
  /** The training to start: the run folder and the arguments of `wsban train`. */
  readonly training?: { readonly run: string; readonly args: readonly string[] }
  /** The program that trains, and its leading arguments. */
  readonly command: readonly string[]
  readonly engine?: EngineName
  readonly host: SpecHost
}

/** A connected page. */
export interface Viewer {
  /** The run whose images the page shows. */
  readonly run: number
  receive(state: StudioState): void
}

/** Follows runs while they train, and sends their state to the connected pages. */
export class Studio {
  private readonly runs: WatchedRun[] = []
  private readonly viewers = new Set<Viewer>()
  private readonly photos: PhotoPredictor
  private timer: NodeJS.Timeout | undefined
  private closed = false
  /** Engines run one request at a time. */
  private busy: Promise<unknown> = Promise.resolve()

  private constructor(private readonly options: StudioOptions) {
    this.photos = new PhotoPredictor(options.engine, options.host)
  }

  static async open(options: StudioOptions): Promise<Studio> {
    const studio = new Studio(options)
    const { training, command, runs } = options
    if (training) studio.add(training.run, new TrainingProcess(command, training.args, studio.onLine))
    for (const path of runs ?? []) studio.add(path)
    await studio.refresh()
    studio.schedule()
    return studio
  }

  get state(): StudioState {
    return { runs: this.runs.map(({ state }) => state) }
  }

  run(id: number): WatchedRun | undefined {
    return this.runs[id]
  }

  /** Sends the state to a viewer, now and after each change. Returns a function that unsubscribes it. */
  watch(viewer: Viewer): () => void {
    this.viewers.add(viewer)
    viewer.receive(this.state)
    return () => this.viewers.delete(viewer)
  }

  resume(id: number): void {
    this.run(id)?.resume(this.options.command, this.onLine)
  }

  /** @throws Failure of `PhotoPredictor.predict` */
  async predict(run: WatchedRun, photo: Uint8Array): ReturnType<PhotoPredictor['predict']> {
    return this.alone(() => this.photos.predict(run.path, photo))
  }

  /** Stops its training, and waits until the checkpoint is written. */
  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    for (const run of this.runs) run.stop()
    await Promise.all(this.runs.map(({ ended }) => ended))
    await this.alone(() => this.photos.close())
  }

  private readonly onLine = (line: string) => this.options.host.reporter.say(line)

  private add(path: string, training?: TrainingProcess): void {
    this.runs.push(new WatchedRun(this.runs.length, path, training))
  }

  private schedule(): void {
    if (this.closed) return
    this.timer = setTimeout(() => {
      this.refresh()
        .then(() => this.look())
        .catch((error: unknown) => this.options.host.reporter.warn(reasonOf(error)))
        .finally(() => this.schedule())
    }, interval)
  }

  private async refresh(): Promise<void> {
    if (this.options.runs === undefined) await this.find()
    const changes = await Promise.all(this.runs.map((run) => run.refresh()))
    if (!changes.some(Boolean)) return
    const { state } = this
    for (const viewer of this.viewers) viewer.receive(state)
  }

  /** New runs are appended: URLs name a run by its index. */
  private async find(): Promise<void> {
    const known = new Set(this.runs.map(({ path }) => resolve(path)))
    for (const path of await runsIn()) {
      if (this.runs.length >= mostFound) return
      if (!known.has(resolve(path))) this.add(path)
    }
  }

  private async look(): Promise<void> {
    for (const id of new Set([...this.viewers].map(({ run }) => run))) {
      const { engine, host } = this.options
      const run = this.run(id)
      if (run) await this.alone(() => run.look(engine, host))
    }
  }

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.busy.then(work)
    this.busy = result.catch(reasonOf)
    return result
  }
}
