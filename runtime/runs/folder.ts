import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { Failure, reasonOf } from '../failure.js'
import { hasCode, kindOf, makeFolder, processOfTemporary, writeAtomically } from '../files.js'
import { isAlive, type Lock, lockHolder, tryLock } from '../lock.js'
import { parsedJson } from '../parsed_json.js'
import { entryText } from '../specs/stored.js'
import type { AnswerCalibration } from './answer_calibration.js'
import { answerCalibration } from './answer_calibration_schema.js'
import {
  type Checkpoint,
  checkpointName,
  epochOf,
  readCheckpointFolder,
  removeCheckpoint,
  weightsOf,
  writeCheckpoint,
} from './checkpoint.js'
import { type RunInfo, runFile } from './info.js'
import { refuseLinks, unfinishedFile } from './layout.js'
import { type LogRecord, RunLog } from './log.js'

const calibrationFile = 'calibration.json'
const lockFile = 'lock'

const storedCalibration = answerCalibration.extend({ checkpoint: z.string() })

/** A run folder, which `wsban train` writes and later commands read. */
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

  /** Returns the process that trains into the folder; undefined if none does. @throws Failure `run-holds-link` */
  static async trainedBy(path: string): Promise<string | undefined> {
    await refuseLinks(path)
    return lockHolder(join(path, lockFile))
  }

  /** Locks the folder against other training processes. @throws Failure `run-in-use`, `run-holds-link`, `cannot-write` */
  static async lock(path: string): Promise<Lock> {
    const file = join(path, lockFile)
    await refuseLinks(path)
    const taken = await tryLock(file).catch((error: unknown) => {
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
      message: `${taken.holder} is already training into ${path}`,
      help: `wait for it or stop it, or choose another folder with -o; if nothing trains there, remove ${file}`,
      path,
      exit: 2,
    })
  }

  /**
   * Creates a run in a folder that `requireEmpty` accepted. The run exists once run.json is written, after its first checkpoint.
   */
  static async create(path: string, info: RunInfo, first: Checkpoint): Promise<RunFolder> {
    const run = new RunFolder(path, info)
    const marker = join(path, unfinishedFile)
    await writeAtomically(marker, 'Training began to make a run of this folder.\n')
    await makeFolder(join(path, 'checkpoints'))
    // For people; wsban reads run.json.
    await writeAtomically(join(path, 'model.wsban'), entryText(info.spec))
    const name = checkpointName(first.state)
    await removeCheckpoint(run.folderOf(name))
    await writeCheckpoint(run.folderOf(name), first, info.model)
    await run.change({ last: name, written: [name] })
    await rm(marker, { force: true })
    return run
  }

  /** @throws Failure `run-unreadable` for a folder that is no run */
  static async open(path: string): Promise<RunFolder> {
    const file = join(path, 'run.json')
    try {
      return new RunFolder(path, runFile.parse(JSON.parse(await readFile(file, 'utf8'))))
    } catch (error) {
      const reason =
        error instanceof z.ZodError
          ? 'run.json was changed since wsban wrote it'
          : hasCode(error, 'ENOENT') && existsSync(path)
            ? 'it holds no run.json'
            : reasonOf(error)
      throw new Failure(
        {
          code: 'run-unreadable',
          message: `${path} is not a readable run: ${reason}`,
          help: 'a run is a folder that `wsban train ... -o RUN` made',
          path,
        },
        { cause: error },
      )
    }
  }

  /** For a run that is resumed: records changed settings, and removes what an earlier stop left half done. */
  async resume(
    changed: Partial<Pick<RunInfo, 'spec' | 'epochs' | 'saveEvery' | 'keep' | 'data' | 'dataFromRun'>>,
  ): Promise<void> {
    await this.change(changed)
    await this.removeUnused()
  }

  /**
   * Makes an earlier checkpoint the last one; later ones are removed. @throws Failure `no-checkpoint` when the run has none of that name
   */
  async goBackTo(name: string): Promise<void> {
    const { info } = this
    if (!this.names().includes(name))
      throw new Failure({
        code: 'no-checkpoint',
        message: `${this.path} has no checkpoint ${name}`,
        help: `it has ${this.names().join(', ') || 'none'}`,
        path: this.path,
        exit: 2,
      })
    if (name === info.last) return
    const { state } = await readCheckpointFolder(this.folderOf(name))
    const isLater = (other: string | undefined) => other !== undefined && (epochOf(other) ?? 0) > state.epoch
    const { previous: _, best, bestScore, ...rest } = info
    const keepsBest = best !== undefined && bestScore !== undefined && !isLater(best)
    await this.replaceInfo({
      ...rest,
      last: name,
      kept: info.kept.filter((other) => other !== name && !isLater(other)),
      ...(keepsBest && { best, bestScore }),
    })
  }

  /** Names of its checkpoints, from the newest to the oldest that can be gone back to. */
  names(): string[] {
    const { last, previous, kept, best } = this.current
    const all = [last, previous, ...kept.toReversed(), best]
    return [...new Set(all.filter((name) => name !== undefined))]
  }

  /**
   * Adds a checkpoint: run.json lists its name, its folder appears whole, then run.json makes it the last, then those that are not kept are
   * removed. Whenever the machine stops, run.json names a whole checkpoint.
   *
   * @param score share of the val images that are right; without one it is no candidate for the best
   */
  async saveCheckpoint(checkpoint: Checkpoint, score: number | undefined): Promise<void> {
    const base = checkpointName(checkpoint.state)
    const { last, keep, kept, bestScore } = this.current
    // Nothing was done since: it is the same one.
    if (last !== undefined && last.split('-', 2).join('-') === base) return
    const name = await this.freeName(base)
    await this.change({ written: [...new Set([...this.written, name])] })
    await writeCheckpoint(this.folderOf(name), checkpoint, this.current.model)
    const better = score !== undefined && score > (bestScore ?? Number.NEGATIVE_INFINITY)
    await this.change({
      last: name,
      ...(keep === 0 && last !== undefined && { previous: last }),
      kept: keep === 0 ? [] : [...kept, ...(last?.startsWith('epoch-') ? [last] : [])].slice(-keep),
      ...(better && { best: name, bestScore: score }),
    })
    await this.removeUnused()
  }

  /** The log's entry for the checkpoint in use: its epoch, and the accuracy on the validation split. */
  async metrics(): Promise<LogRecord | undefined> {
    const epoch = epochOf(this.current.best ?? this.current.last ?? '')
    const record = (await this.log.read()).findLast((line) => line.epoch === epoch && line.val !== undefined)
    return record && { epoch, val: record.val }
  }

  /** Stores how the answers of the checkpoint in use are corrected. @throws Failure `cannot-write` */
  async saveCalibration(calibration: AnswerCalibration): Promise<void> {
    const checkpoint = this.current.best ?? this.current.last
    await writeAtomically(
      join(this.path, calibrationFile),
      `${JSON.stringify({ checkpoint, ...calibration }, undefined, 2)}\n`,
    )
  }

  /** How the answers of the checkpoint in use are corrected; undefined where that was not measured for it. */
  async calibration(): Promise<AnswerCalibration | undefined> {
    const text = await readFile(join(this.path, calibrationFile), 'utf8').catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined
      throw error
    })
    if (text === undefined) return undefined
    const found = storedCalibration.safeParse(parsedJson(text))
    if (!found.success)
      throw new Failure({
        code: 'run-unreadable',
        message: `${join(this.path, calibrationFile)} was changed since wsban wrote it`,
        help: `measure it again: wsban calibrate ${this.path}`,
        path: this.path,
      })
    const { checkpoint, ...calibration } = found.data
    return checkpoint === (this.current.best ?? this.current.last) ? calibration : undefined
  }

  /** Path of the weights: the best by val, or the last. @throws Failure `no-checkpoint` */
  weightsPath(which: 'best' | 'last' = 'best'): string {
    return weightsOf(this.checkpointFolder(which))
  }

  /** Returns the checkpoints at the end of epochs, from the oldest to the newest, with the paths of their weights. */
  ends(): { readonly epoch: number; readonly weights: string }[] {
    return this.names()
      .flatMap((name) => {
        const epoch = epochOf(name)
        return epoch === undefined ? [] : [{ epoch, weights: weightsOf(this.folderOf(name)) }]
      })
      .sort((a, b) => a.epoch - b.epoch)
  }

  /** @throws Failure what is wrong with the checkpoint, and which other one of the run is whole */
  async readCheckpoint(which: 'best' | 'last'): Promise<Checkpoint> {
    const folder = this.checkpointFolder(which)
    try {
      return await readCheckpointFolder(folder)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const whole = await this.newestWhole(folder)
      const help = whole
        ? `${whole} is whole: go back to it with --resume --from ${whole}; what came after it is trained again`
        : 'the run has no other checkpoint that is whole: train again into another folder'
      throw new Failure({ ...error.problem, help }, { cause: error })
    }
  }

  private async newestWhole(besides: string): Promise<string | undefined> {
    for (const name of this.names()) {
      const folder = this.folderOf(name)
      if (folder === besides) continue
      try {
        await readCheckpointFolder(folder)
        return name
      } catch (error) {
        if (!(error instanceof Failure)) throw error
      }
    }
    return undefined
  }

  private checkpointFolder(which: 'best' | 'last'): string {
    const name = this.current[which] ?? this.current.last
    if (name !== undefined) return this.folderOf(name)
    throw new Failure({
      code: 'no-checkpoint',
      message: `${this.path} has no checkpoint`,
      help: 'train again',
      path: this.path,
    })
  }

  private folderOf(name: string): string {
    return join(this.path, 'checkpoints', name)
  }

  private get written(): readonly string[] {
    return this.current.written ?? this.names()
  }

  /** The name itself, or with a number where a folder stands that this run did not write. */
  private async freeName(base: string): Promise<string> {
    for (let number = 1; ; number++) {
      const name = number === 1 ? base : `${base}-${number}`
      const folder = this.folderOf(name)
      // A file that this run wrote and does not use is left from a stop before run.json named it.
      const own = this.written.includes(name) && !this.names().includes(name)
      if (own ? await removeCheckpoint(folder) : (await kindOf(folder)) === undefined) return name
    }
  }

  /** Only what this run wrote: its bookkeeping lists it, or the name is that of a temporary file whose process is gone. */
  private async removeUnused(): Promise<void> {
    const used = this.names()
    const unused = this.written.filter((name) => !used.includes(name))
    for (const name of unused) await removeCheckpoint(this.folderOf(name))
    const folder = join(this.path, 'checkpoints')
    for (const name of await readdir(folder)) if (isLeftOver(name)) await removeCheckpoint(join(folder, name))
    for (const name of await readdir(this.path)) {
      const file = join(this.path, name)
      if (isLeftOver(name) && (await kindOf(file)) === 'file') await rm(file, { force: true })
    }
    // A copy restored under such a name later no longer belongs to this run.
    if (unused.length > 0) await this.change({ written: used })
  }

  private async change(changed: Partial<RunInfo>): Promise<void> {
    await this.replaceInfo({ ...this.current, ...changed })
  }

  private async replaceInfo(info: RunInfo): Promise<void> {
    await writeAtomically(join(this.path, 'run.json'), `${JSON.stringify(info, undefined, 2)}\n`)
    this.current = info
  }
}

function isLeftOver(name: string): boolean {
  const id = processOfTemporary(name)
  return id !== undefined && !isAlive(id)
}
