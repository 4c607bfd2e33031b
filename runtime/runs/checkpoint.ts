import { readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { cannotWrite, Failure } from '../failure.js'
import { syncFolder, writeAtomically } from '../files.js'
import type { StoredTensor } from '../weights/file.js'
import { readSafetensors, writeSafetensors } from '../weights/safetensors.js'

/**
 * Where training stands, beside weights and slots. Chance needs nothing here: every random number comes from the seed and from what
 * it is for (this epoch's order, that step's dropout).
 */
const stateFile = z.object({
  /** Whole epochs done. */
  epoch: z.number(),
  /** Steps over the whole training. */
  step: z.number(),
  /** Steps done in the epoch under way. */
  stepInEpoch: z.number().default(0),
  /** Places of the epoch's order that are used up. */
  position: z.number().default(0),
  /** Each loss added up over the steps of the epoch under way. */
  lossSums: z.record(z.string(), z.number()).default({}),
  /** Bytes of log.jsonl that are true of this moment: what a later stop had added is taken off again. */
  logBytes: z.number().optional(),
  optimizerSteps: z.number(),
  /** Of weights that were frozen at first: how many of these steps had been taken before they moved. */
  began: z.record(z.string(), z.number()).default({}),
  /** Epochs since the best score on the val pictures. */
  stale: z.number().default(0),
})
export type TrainingState = z.infer<typeof stateFile>

export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** What the optimiser remembers: `velocity/master.logits.weight`. */
  readonly slots: ReadonlyMap<string, StoredTensor>
  readonly state: TrainingState
}

/** `epoch-0003` at the end of an epoch, `step-00000123` within one. */
export function checkpointName({ epoch, step, stepInEpoch }: TrainingState): string {
  return stepInEpoch === 0 ? `epoch-${String(epoch).padStart(4, '0')}` : `step-${String(step).padStart(8, '0')}`
}

/** A folder that appears whole, by one rename. @throws Failure `cannot-write`; then nothing is left of it */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint, model: string): Promise<void> {
  const temporary = `${folder}.${process.pid}.tmp`
  try {
    await rm(temporary, { recursive: true, force: true })
    await writeSafetensors(join(temporary, 'weights.safetensors'), {
      tensors: checkpoint.tensors,
      metadata: { format: 'pt', model },
    })
    await writeSafetensors(join(temporary, 'optimizer.safetensors'), { tensors: checkpoint.slots, metadata: {} })
    await writeAtomically(join(temporary, 'state.json'), `${JSON.stringify(checkpoint.state)}\n`)
    // What stands here is left from a stop between its rename and run.json's naming it.
    await rm(folder, { recursive: true, force: true })
    await rename(temporary, folder)
    await syncFolder(dirname(folder))
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
    throw error instanceof Failure ? error : cannotWrite(folder, error)
  }
}

/** @throws Failure `run-unreadable`, `weights-unreadable` */
export async function readCheckpointFolder(folder: string): Promise<Checkpoint> {
  const { tensors } = await readSafetensors(join(folder, 'weights.safetensors'))
  const { tensors: slots } = await readSafetensors(join(folder, 'optimizer.safetensors'))
  return { tensors, slots, state: await readState(join(folder, 'state.json')) }
}

async function readState(file: string): Promise<TrainingState> {
  try {
    return stateFile.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    throw new Failure(
      {
        code: 'run-unreadable',
        message: `${file} is not what wsban wrote`,
        help: 'resume from another run',
        path: file,
      },
      { cause: error },
    )
  }
}
