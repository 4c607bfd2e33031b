import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { cannotWrite, Failure } from '../failure.js'
import { hasCode, kindOf, processOfTemporary, syncFolder, temporaryBeside, writeAtomically } from '../files.js'
import { damaged, sha256Of } from '../weights/checksums.js'
import { readSafetensors, writeSafetensors } from '../weights/formats/safetensors.js'
import type { StoredTensor } from '../weights/weight_file.js'

const fromZero = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/**
 * Where training stands, beside weights and slots. Chance needs nothing here: every random number comes from the seed and from what
 * it is for (this epoch's order, that step's dropout).
 */
const stateFile = z.object({
  /** Whole epochs done. */
  epoch: fromZero,
  /** Steps over the whole training. */
  step: fromZero,
  /** Steps done in the epoch under way. */
  stepInEpoch: fromZero.default(0),
  /** Places of the epoch's order that are used up. */
  position: fromZero.default(0),
  /** Each loss added up over the steps of the epoch under way. */
  lossSums: z.record(z.string(), z.number()).default({}),
  /** Bytes of log.jsonl that are true of this moment: what a later stop had added is taken off again. */
  logBytes: fromZero.optional(),
  optimizerSteps: fromZero,
  /** Of weights that were frozen at first: how many of these steps had been taken before they moved. */
  began: z.record(z.string(), fromZero).default({}),
  /** Epochs since the best score on the val images. */
  stale: fromZero.default(0),
})
export type TrainingState = z.infer<typeof stateFile>

export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** The optimizer state: `velocity/master.logits.weight`. */
  readonly slots: ReadonlyMap<string, StoredTensor>
  readonly state: TrainingState
}

/** Names of checkpoints that a run may write, and so the only ones that it may remove. The number at the end is there where another's folder had the name. */
export const checkpointNamePattern = /^(epoch|step)-(\d+)(-\d+)?$/

/** `epoch-0003` at the end of an epoch, `step-00000123` within one. */
export function checkpointName({ epoch, step, stepInEpoch }: TrainingState): string {
  return stepInEpoch === 0 ? `epoch-${String(epoch).padStart(4, '0')}` : `step-${String(step).padStart(8, '0')}`
}

/** The epoch at whose end a checkpoint was written; undefined for one within an epoch. */
export function epochOf(name: string): number | undefined {
  const [, kind, number] = checkpointNamePattern.exec(name) ?? []
  return kind === 'epoch' ? Number(number) : undefined
}

const files = { weights: 'weights.safetensors', slots: 'optimizer.safetensors', state: 'state.json' } as const

/** In the metadata of the optimizer's file: the SHA-256 of state.json. */
const stateChecksumKey = 'wsban.state_sha256'

/** A folder that appears whole, by one rename. @throws Failure `cannot-write`; then nothing is left of it */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint, model: string): Promise<void> {
  const temporary = temporaryBeside(folder)
  try {
    await mkdir(temporary)
    const state = `${JSON.stringify(checkpoint.state)}\n`
    await writeSafetensors(join(temporary, files.weights), {
      tensors: checkpoint.tensors,
      metadata: { format: 'pt', model },
    })
    await writeSafetensors(join(temporary, files.slots), {
      tensors: checkpoint.slots,
      metadata: { [stateChecksumKey]: sha256Of(state) },
    })
    await writeAtomically(join(temporary, files.state), state)
    await rename(temporary, folder)
    await syncFolder(dirname(folder))
  } catch (error) {
    await removeCheckpoint(temporary).catch(() => {})
    throw error instanceof Failure ? error : cannotWrite(folder, error)
  }
}

/**
 * Removes the files that `writeCheckpoint` writes, and the folder when nothing else is in it. A link in its place is not followed.
 * Returns whether the name is free now.
 */
export async function removeCheckpoint(folder: string): Promise<boolean> {
  const kind = await kindOf(folder)
  if (kind !== 'folder') return kind === undefined
  for (const name of await readdir(folder))
    if (isOneOf(name) || processOfTemporary(name) !== undefined) {
      const file = join(folder, name)
      if ((await kindOf(file)) === 'file') await rm(file)
    }
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
}

function isOneOf(name: string): boolean {
  return Object.values<string>(files).includes(name)
}

/** Path of a checkpoint's weights. */
export function weightsOf(folder: string): string {
  return join(folder, files.weights)
}

/** @throws Failure `run-unreadable`, `weights-unreadable`, `weights-damaged` */
export async function readCheckpointFolder(folder: string): Promise<Checkpoint> {
  const { tensors } = await readSafetensors(weightsOf(folder))
  const { tensors: slots, metadata } = await readSafetensors(join(folder, files.slots))
  return { tensors, slots, state: await readState(join(folder, files.state), metadata[stateChecksumKey]) }
}

async function readState(file: string, checksum: string | undefined): Promise<TrainingState> {
  try {
    const text = await readFile(file, 'utf8')
    // Checkpoints of earlier versions have none.
    if (checksum !== undefined && sha256Of(text) !== checksum) throw damaged(file, 'its checksum is another one')
    return stateFile.parse(JSON.parse(text))
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      {
        code: 'run-unreadable',
        message: `${file} was changed since wsban wrote it`,
        help: 'resume from another checkpoint',
        path: file,
      },
      { cause: error },
    )
  }
}
