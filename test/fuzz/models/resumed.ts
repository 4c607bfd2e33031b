import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyOf, Random } from '../../../compiler/random.js'
import type { Model } from '../../../runtime/model.js'
import { type Checkpoint, readCheckpointFolder, writeCheckpoint } from '../../../runtime/runs/checkpoint.js'
import { Learner } from '../../../runtime/training/learner.js'
import { NotFinite } from '../../../runtime/training/not_finite.js'
import type { StoredTensor } from '../../../runtime/weights/weight_file.js'
import { batchOf, storedParameters } from './engine.js'
import type { ReferenceInputs } from './reference.js'

const steps = 3
const rate = 0.01

/** Checks that training resumed from a checkpoint computes the same bits. @returns the difference */
export async function resumeProblem(model: Model, inputs: ReferenceInputs, seed: number): Promise<string | undefined> {
  const stop = 1 + new Random(keyOf('resume', seed)).integer(steps - 1)
  const options = { model, seed }
  const batch = batchOf(inputs, model)
  const begin = () => Learner.begin(options, storedParameters(model, inputs))
  const through = await trained(begin(), batch, 0, steps)
  const half = through && (await trained(begin(), batch, 0, stop))
  // A model whose loss overflows stops training.
  if (!through || !half) return undefined
  const resumed = await trained(Learner.restore(options, await throughFiles(half), 'the fuzzer'), batch, stop, steps)
  if (!resumed) return `resumed after step ${stop}, the loss overflows`
  return differentBits(through.tensors, resumed.tensors, stop) ?? differentBits(through.slots, resumed.slots, stop)
}

/** @returns the state after the last step; undefined where a loss or gradient is not finite */
async function trained(
  learner: Learner,
  batch: ReturnType<typeof batchOf>,
  from: number,
  to: number,
): Promise<Checkpoint | undefined> {
  try {
    for (let step = from; step < to; step++) learner.accumulate(batch, { step, epoch: 0, rate }, true)
    return await learner.checkpoint({ epoch: 0, step: to, stepInEpoch: to, position: 0, lossSums: {}, stale: 0 })
  } catch (error) {
    if (error instanceof NotFinite) return undefined
    throw error
  } finally {
    learner.dispose()
  }
}

async function throughFiles(checkpoint: Checkpoint): Promise<Checkpoint> {
  const folder = mkdtempSync(join(tmpdir(), 'wsban-fuzz-'))
  try {
    await writeCheckpoint(join(folder, 'step'), checkpoint, 'fuzz')
    return await readCheckpointFolder(join(folder, 'step'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function differentBits(
  expected: ReadonlyMap<string, StoredTensor>,
  found: ReadonlyMap<string, StoredTensor>,
  stop: number,
): string | undefined {
  for (const [name, { values }] of expected) {
    const other = found.get(name)?.values
    const index = values.findIndex((value, i) => !Object.is(value, other?.[i]))
    if (index >= 0) return `resumed after step ${stop}, ${name}[${index}] is ${other?.[index]}, not ${values[index]}`
  }
  return undefined
}
