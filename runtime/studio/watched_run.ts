import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type EngineName, engineNames } from '../engines/index.js'
import { Failure } from '../failure.js'
import { RunFolder } from '../runs/folder.js'
import { readValidationPredictions, validationFile } from '../runs/validation_predictions.js'
import type { SpecHost } from '../specs/host.js'
import { loggedOf } from './logged.js'
import { RunImages } from './run_images.js'
import type { RunState } from './state.js'
import { TrainingProcess } from './training_process.js'

/** A run that the studio follows: the state of its folder, the process that trains it, and, once requested, its images. */
export class WatchedRun {
  /** A digest of folder and process at the last refresh, by which changes are detected. */
  private seen = ''
  private current: RunState
  private run: RunFolder | undefined
  private images: RunImages | undefined
  private imagesProblem: string | undefined

  constructor(
    readonly id: number,
    readonly path: string,
    private training?: TrainingProcess,
  ) {
    this.current = { id, name: path, model: '', condition: 'waiting', epochs: 0, epoch: 0, steps: [], ends: [] }
  }

  get state(): RunState {
    return this.current
  }

  get ended(): Promise<void> | undefined {
    return this.training?.ended
  }

  /** Refreshes the state. Returns whether it has changed. */
  async refresh(): Promise<boolean> {
    const { training, images, imagesProblem } = this
    const files = ['run.json', 'log.jsonl', validationFile, 'lock'].map((name) => join(this.path, name))
    const times = await Promise.all(files.map(timeOf))
    const seen = JSON.stringify([
      times,
      training && [training.said, training.running, training.stopping],
      images && [...images.answers.keys()],
      imagesProblem,
    ])
    if (seen === this.seen) return false
    this.seen = seen
    try {
      this.current = await this.read()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.current = { ...this.current, problem: error.problem.message }
    }
    return true
  }

  /**
   * Evaluates the newest checkpoint that has not been shown yet on the watched images.
   *
   * @returns whether there was one
   */
  async look(engine: EngineName | undefined, host: SpecHost): Promise<boolean> {
    const { run } = this
    if (!run) return false
    try {
      this.images ??= await RunImages.open(run, host)
      const { answers, chosen } = this.images
      if (chosen.length === 0) {
        this.imagesProblem = 'the run has no validation images that can be read'
        return false
      }
      const next = run.ends().findLast(({ epoch }) => !answers.has(epoch))
      if (!next) return false
      await this.images.look(run, next, engine, host)
      this.imagesProblem = undefined
      return true
    } catch (error) {
      // A checkpoint may be replaced while it is read; the next refresh tries the newer one.
      if (!(error instanceof Failure)) throw error
      this.imagesProblem = error.problem.message
      return false
    }
  }

  /** The answers at the end of an epoch about the images that are looked at; undefined where there are none. */
  answersAt(epoch: number): ReturnType<RunImages['answers']['get']> {
    return this.images?.answers.get(epoch)
  }

  /** Returns a validation image as a small JPEG; undefined if there is none at that place. @throws Failure `image-unreadable` */
  async thumbnail(index: number): Promise<Uint8Array | undefined> {
    return this.images?.thumbnail(index)
  }

  stop(): void {
    this.training?.stop()
  }

  /** Lets training continue where it stopped, in a process of the studio. @param command the program and its first arguments */
  resume(command: readonly string[], onLine: (line: string) => void): void {
    if (this.current.condition !== 'stopped' || this.training?.running || !this.run) return
    const engine = engineNames.find((name) => name === this.run?.info.engine)
    // Another engine would round otherwise, and the run would not be the one that was never stopped.
    const args = ['--resume', '-o', this.path, ...(engine ? ['--engine', engine] : [])]
    this.training = new TrainingProcess(command, args, onLine)
  }

  private async read(): Promise<RunState> {
    const { id, path, training, images, imagesProblem } = this
    const process = {
      ...(training?.said !== undefined && { said: training.said }),
      ...(training?.problem !== undefined && { problem: training.problem }),
    }
    if (!RunFolder.exists(path)) {
      const condition = training?.running ? underWay(training, 'waiting') : 'stopped'
      return { id, name: path, model: '', condition, epochs: 0, epoch: 0, steps: [], ends: [], ...process }
    }
    const run = await RunFolder.open(path)
    this.run = run
    const logged = await loggedOf(run)
    const predictions = images && (await readValidationPredictions(path))
    const confused = predictions && images.confused(predictions)
    const { model, epochs } = run.info
    const done = run.ends().at(-1)?.epoch ?? 0
    const holder = training?.running ? undefined : await RunFolder.trainedBy(path)
    const condition = training?.running ? underWay(training, 'training') : idle(holder, done >= epochs)
    return {
      id,
      name: path,
      model,
      condition,
      epochs,
      ...logged,
      ...process,
      ...(holder !== undefined && { holder }),
      ...(confused && { confused }),
      ...((images || imagesProblem !== undefined) && {
        shown: {
          images: images?.labels ?? [],
          epochs: [...(images?.answers.keys() ?? [])].sort((a, b) => a - b),
          ...(imagesProblem !== undefined && { problem: imagesProblem }),
        },
      }),
    }
  }
}

function underWay(
  { stopping }: TrainingProcess,
  otherwise: 'training' | 'waiting',
): 'stopping' | 'training' | 'waiting' {
  return stopping ? 'stopping' : otherwise
}

/** @param holder the process that trains the run elsewhere */
function idle(holder: string | undefined, done: boolean): 'elsewhere' | 'finished' | 'stopped' {
  if (holder !== undefined) return 'elsewhere'
  return done ? 'finished' : 'stopped'
}

async function timeOf(file: string): Promise<number | undefined> {
  try {
    const { mtimeMs, size } = await stat(file)
    return mtimeMs + size
  } catch {
    return undefined
  }
}
