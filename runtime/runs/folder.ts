import { existsSync } from 'node:fs'
import { appendFile, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Failure, reasonOf } from '../failure.js'
import { makeFolder, writeAtomically } from '../files.js'
import { storedSpec } from '../specs/stored.js'
import type { StoredTensor } from '../weights/file.js'
import { readSafetensors, writeSafetensors } from '../weights/safetensors.js'

/** What a run is: written once when it begins, and again as checkpoints come. */
const runFile = z.object({
  wsban: z.string(),
  model: z.string(),
  spec: storedSpec,
  /** Class names in the order of the logits. */
  classes: z.array(z.string()),
  data: z.string(),
  seed: z.number(),
  epochs: z.number(),
  batch: z.number(),
  engine: z.string(),
  /** What --weights named, if it did. */
  weights: z.string().optional(),
  /** Folders below checkpoints/. */
  last: z.string().optional(),
  best: z.string().optional(),
  bestScore: z.number().optional(),
})
export type RunInfo = z.infer<typeof runFile>

/** What training needs to go on, beside weights and slots. */
const stateFile = z.object({ epoch: z.number(), step: z.number(), optimizerSteps: z.number() })
export type TrainingState = z.infer<typeof stateFile>

export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** The optimiser's slots: `velocity/master.logits.weight`. */
  readonly slots: ReadonlyMap<string, StoredTensor>
  readonly state: TrainingState
}

/** A folder that `wsban train` writes and everything after it reads. */
export class RunFolder {
  private constructor(
    readonly path: string,
    private current: RunInfo,
  ) {}

  get info(): RunInfo {
    return this.current
  }

  static exists(path: string): boolean {
    return existsSync(join(path, 'run.json'))
  }

  static async create(path: string, info: RunInfo): Promise<RunFolder> {
    const run = new RunFolder(path, info)
    await makeFolder(join(path, 'checkpoints')).catch((error: unknown) => {
      throw new Failure(
        {
          code: 'cannot-write',
          message: `cannot make ${path}: ${reasonOf(error)}`,
          help: 'choose another folder with -o',
          path,
        },
        { cause: error },
      )
    })
    await run.save()
    return run
  }

  /** @throws Failure `run-unreadable` for a folder that is no run */
  static async open(path: string): Promise<RunFolder> {
    const file = join(path, 'run.json')
    try {
      return new RunFolder(path, runFile.parse(JSON.parse(await readFile(file, 'utf8'))))
    } catch (error) {
      const reason = error instanceof z.ZodError ? 'run.json is not what wsban wrote' : reasonOf(error)
      throw new Failure(
        {
          code: 'run-unreadable',
          message: `${path} is no run that can be read: ${reason}`,
          help: 'a run is a folder that `wsban train ... -o RUN` made',
          path,
        },
        { cause: error },
      )
    }
  }

  /** The spec's own text, for people to read; the run itself uses what stands in run.json. */
  async writeSpecText(): Promise<void> {
    const { entry, files } = this.current.spec
    await writeAtomically(join(this.path, 'model.wsban'), files[entry] ?? '')
  }

  async log(record: Readonly<Record<string, unknown>>): Promise<void> {
    await appendFile(join(this.path, 'log.jsonl'), `${JSON.stringify(record)}\n`)
  }

  /** Lines of the log that are whole; a crash may have cut the last one. */
  async readLog(): Promise<Readonly<Record<string, unknown>>[]> {
    const text = await readFile(join(this.path, 'log.jsonl'), 'utf8').catch(() => '')
    return text.split('\n').flatMap((line) => {
      try {
        return [z.record(z.string(), z.unknown()).parse(JSON.parse(line))]
      } catch {
        return []
      }
    })
  }

  /**
   * Adds a checkpoint: a folder that appears whole by one rename, then run.json names it, then older ones go.
   * Whenever the machine stops, run.json names a whole checkpoint.
   */
  async saveCheckpoint(checkpoint: Checkpoint, score: number | undefined): Promise<void> {
    const name = `epoch-${String(checkpoint.state.epoch).padStart(4, '0')}`
    const folder = join(this.path, 'checkpoints', name)
    const temporary = `${folder}.${process.pid}.tmp`
    await rm(temporary, { recursive: true, force: true })
    await writeSafetensors(join(temporary, 'weights.safetensors'), {
      tensors: checkpoint.tensors,
      metadata: { format: 'pt', model: this.current.model },
    })
    await writeSafetensors(join(temporary, 'optimizer.safetensors'), { tensors: checkpoint.slots, metadata: {} })
    await writeAtomically(join(temporary, 'state.json'), `${JSON.stringify(checkpoint.state)}\n`)
    await rm(folder, { recursive: true, force: true })
    await rename(temporary, folder)
    const better = score !== undefined && score > (this.current.bestScore ?? Number.NEGATIVE_INFINITY)
    const old = [this.current.last, this.current.best]
    this.current = {
      ...this.current,
      last: name,
      ...(better || this.current.best === undefined
        ? { best: name, ...(score !== undefined && { bestScore: score }) }
        : {}),
    }
    await this.save()
    for (const unused of old) {
      if (unused !== undefined && unused !== this.current.last && unused !== this.current.best)
        await rm(join(this.path, 'checkpoints', unused), { recursive: true, force: true })
    }
  }

  /** What the log says of the checkpoint that is used: its epoch, and the accuracy on the val split. */
  async metrics(): Promise<Readonly<Record<string, unknown>> | undefined> {
    const epoch = Number((this.current.best ?? this.current.last)?.replace('epoch-', ''))
    const record = (await this.readLog()).findLast((line) => line.epoch === epoch && line.val !== undefined)
    return record && { epoch, val: record.val }
  }

  /** Path of the weights: the best by val, or the last. @throws Failure `no-checkpoint` */
  weightsPath(which: 'best' | 'last' = 'best'): string {
    return join(this.checkpointFolder(which), 'weights.safetensors')
  }

  async readCheckpoint(which: 'best' | 'last'): Promise<Checkpoint> {
    const folder = this.checkpointFolder(which)
    const { tensors } = await readSafetensors(join(folder, 'weights.safetensors'))
    const { tensors: slots } = await readSafetensors(join(folder, 'optimizer.safetensors'))
    const state = stateFile.safeParse(JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')))
    if (!state.success)
      throw new Failure({
        code: 'run-unreadable',
        message: `${folder}/state.json is not what wsban wrote`,
        help: 'resume from another run',
        path: folder,
      })
    return { tensors, slots, state: state.data }
  }

  private checkpointFolder(which: 'best' | 'last'): string {
    const name = this.current[which] ?? this.current.last
    if (name === undefined)
      throw new Failure({
        code: 'no-checkpoint',
        message: `${this.path} has no checkpoint yet`,
        help: 'train for at least one epoch',
        path: this.path,
      })
    return join(this.path, 'checkpoints', name)
  }

  private async save(): Promise<void> {
    await writeAtomically(join(this.path, 'run.json'), `${JSON.stringify(this.current, undefined, 2)}\n`)
  }
}
