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
 * The state of training besides weights and optimizer state. There is no state of random number generators: every random number is derived from the
 * seed and its purpose (an epoch's order, a step's dropout).
 */
const stateFile = z.object({
  /** Whole epochs done. */
  epoch: fromZero,
  /** Completed steps of the whole training. */
  step: fromZero,
  /** Completed steps of the current epoch. */
  stepInEpoch: fromZero.default(0),
  /** The position in the epoch's order. */
  position: fromZero.default(0),
  /** The sum of each loss over the steps of the current epoch. */
  lossSums: z.record(z.string(), z.number()).default({}),
  /** The length of log.jsonl at this point, in bytes: later lines are cut off on resume. */
  logBytes: fromZero.optional(),
  optimizerSteps: fromZero,
  /** For weights that were frozen at first: the number of steps before their first update. */
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

/** Names of checkpoints that a run writes, and thus the only ones that it may remove. A number is appended if a foreign folder has the name. */
export const checkpointNamePattern = /^(epoch|step)-(\d+)(-\d+)?$/

/** `epoch-0003` at the end of an epoch, `step-00000123` within one. */
export function checkpointName({ epoch, step, stepInEpoch }: TrainingState): string {
  return stepInEpoch === 0 ? `epoch-${String(epoch).padStart(4, '0')}` : `step-${String(step).padStart(8, '0')}`
}

/** The epoch after which a checkpoint was written; undefined for one within an epoch. */
export function epochOf(name: string): number | undefined {
  const [, kind, number] = checkpointNamePattern.exec(name) ?? []
  return kind === 'epoch' ? Number(number) : undefined
}

const files = { weights: 'weights.safetensors', slots: 'optimizer.safetensors', state: 'state.json' } as const

/** The key of state.json's SHA-256 in the metadata of the optimizer's file. */
const stateChecksumKey = 'wsban.state_sha256'

/** Writes a checkpoint folder atomically, by a rename. @throws Failure `cannot-write`; then it leaves no files behind */
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
 * Removes the files that `writeCheckpoint` writes, and the folder if it is then empty. Does not follow a link. Returns whether the name is free now.
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

/** Returns the path of a checkpoint's weights. */
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
