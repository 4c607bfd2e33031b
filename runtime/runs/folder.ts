import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Failure, reasonOf } from '../failure.js'
import { makeFolder, writeAtomically } from '../files.js'
import { type Lock, tryLock } from '../lock.js'
import { type Checkpoint, checkpointName, readCheckpointFolder, writeCheckpoint } from './checkpoint.js'
import { type RunInfo, runFile } from './info.js'
import { type LogRecord, RunLog } from './log.js'

/** A folder that `wsban train` writes and everything after it reads. */
export class RunFolder {
  readonly log: RunLog

  private constructor(
    readonly path: string,
    private current: RunInfo,
  ) {
    this.log = new RunLog(join(path, 'log.jsonl'))
  }

  get info(): RunInfo {
    return this.current
  }

  static exists(path: string): boolean {
    return existsSync(join(path, 'run.json'))
  }

  /** Nobody else trains into the folder while the lock is held. @throws Failure `run-in-use`, `cannot-write` */
  static async lock(path: string): Promise<Lock> {
    const file = join(path, 'lock')
    const taken = await makeFolder(join(path, 'checkpoints'))
      .then(() => tryLock(file))
      .catch((error: unknown) => {
        throw new Failure(
          {
            code: 'cannot-write',
            message: `cannot write into ${path}: ${reasonOf(error)}`,
            help: 'free some space, make the folder writable, or choose another one with -o',
            path,
          },
          { cause: error },
        )
      })
    if ('release' in taken) return taken
    throw new Failure({
      code: 'run-in-use',
      message: `${taken.holder} trains into ${path}`,
      help: `wait for it or stop it, or choose another folder with -o; if nothing trains there, remove ${file}`,
      path,
      exit: 2,
    })
  }

  /** The folder becomes a run when run.json is there, which names its first checkpoint: there is none without one. */
  static async create(path: string, info: RunInfo, first: Checkpoint): Promise<RunFolder> {
    const run = new RunFolder(path, info)
    await run.removeUnused()
    await rm(run.log.path, { force: true })
    const { entry, files } = info.spec
    // For people to read; the run itself uses what stands in run.json.
    await writeAtomically(join(path, 'model.wsban'), files[entry] ?? '')
    await run.saveCheckpoint(first, undefined)
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

  /** For a run that goes on: what was chosen anew, and away with what an earlier stop left half done. */
  async goOn(changed: Partial<Pick<RunInfo, 'spec' | 'epochs' | 'saveEvery' | 'keep'>>): Promise<void> {
    await this.change(changed)
    await this.removeUnused()
  }

  /**
   * Adds a checkpoint: its folder appears whole, then run.json names it, then those that are not kept go.
   * Whenever the machine stops, run.json names a whole checkpoint.
   *
   * @param score share of the val pictures that are right; without one it is no candidate for the best
   */
  async saveCheckpoint(checkpoint: Checkpoint, score: number | undefined): Promise<void> {
    const name = checkpointName(checkpoint.state)
    // Nothing was done since: it is the same one.
    if (name === this.current.last) return
    await writeCheckpoint(this.folderOf(name), checkpoint, this.current.model)
    const { last, keep, kept, bestScore } = this.current
    const better = score !== undefined && score > (bestScore ?? Number.NEGATIVE_INFINITY)
    await this.change({
      last: name,
      kept: keep === 0 ? [] : [...kept, ...(last?.startsWith('epoch-') ? [last] : [])].slice(-keep),
      ...(better && { best: name, bestScore: score }),
    })
    await this.removeUnused()
  }

  /** What the log says of the checkpoint that is used: its epoch, and the accuracy on the val split. */
  async metrics(): Promise<LogRecord | undefined> {
    const epoch = Number((this.current.best ?? this.current.last)?.replace('epoch-', ''))
    const record = (await this.log.read()).findLast((line) => line.epoch === epoch && line.val !== undefined)
    return record && { epoch, val: record.val }
  }

  /** Path of the weights: the best by val, or the last. @throws Failure `no-checkpoint` */
  weightsPath(which: 'best' | 'last' = 'best'): string {
    return join(this.checkpointFolder(which), 'weights.safetensors')
  }

  async readCheckpoint(which: 'best' | 'last'): Promise<Checkpoint> {
    return readCheckpointFolder(this.checkpointFolder(which))
  }

  private checkpointFolder(which: 'best' | 'last'): string {
    const name = this.current[which] ?? this.current.last
    if (name !== undefined) return this.folderOf(name)
    throw new Failure({
      code: 'no-checkpoint',
      message: `${this.path} has no checkpoint`,
      help: 'train anew',
      path: this.path,
    })
  }

  private folderOf(name: string): string {
    return join(this.path, 'checkpoints', name)
  }

  private async removeUnused(): Promise<void> {
    const { last, best, kept } = this.current
    for (const name of await readdir(join(this.path, 'checkpoints')))
      if (name !== last && name !== best && !kept.includes(name))
        await rm(this.folderOf(name), { recursive: true, force: true })
    for (const name of await readdir(this.path)) if (name.endsWith('.tmp')) await rm(join(this.path, name))
  }

  private async change(changed: Partial<RunInfo>): Promise<void> {
    const info = { ...this.current, ...changed }
    await writeAtomically(join(this.path, 'run.json'), `${JSON.stringify(info, undefined, 2)}\n`)
    this.current = info
  }
}
