import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { type TrainingRecord, trainingRecord } from '../../runtime/training/metrics_records.js'
import { readSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { until } from './waiting.js'

const runNames = z.object({ last: z.string(), best: z.string().optional() })

/** The folder of a run's last checkpoint. */
export function lastCheckpoint(run: string): string {
  const { last } = runNames.parse(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')))
  return join(run, 'checkpoints', last)
}

/** Waits until so many steps are written down. @throws when the process ends before */
export async function stepsReached(run: string, steps: number, alive: () => boolean): Promise<void> {
  const reached = () => existsSync(join(run, 'log.jsonl')) && lossesOf(run).length >= steps
  await until(`${steps} steps in ${run}`, reached, alive)
}

/** Returns the records of steps and epochs in a run's log. */
export function recordsOf(run: string): TrainingRecord[] {
  // The last line may still be on its way.
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => trainingRecord.parse(JSON.parse(line)))
}

/** The losses of each step written down. */
export function lossesOf(run: string): Record<string, number>[] {
  return recordsOf(run).flatMap(({ kind, losses }) => (kind === 'step' ? [losses] : []))
}

/** One digest of all numbers that the last checkpoint holds: equal only if every bit is. Their files' headers have no fixed order. */
export async function digestOf(run: string): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['weights', 'optimizer']) {
    const { tensors } = await readSafetensors(join(lastCheckpoint(run), `${file}.safetensors`))
    for (const [name, { values }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1)))
      hash.update(JSON.stringify([file, name, values.length])).update(new Uint8Array(values.slice().buffer))
  }
  return hash.digest('hex')
}

export interface Apart {
  /** The largest difference relative to a tensor's largest value, or to 1. */
  readonly most: number
  readonly where: string
}

/** How far apart all tensors of a kind in two checkpoints are, which must have the same ones. */
export async function tensorsApart(one: string, other: string, file: 'weights' | 'optimizer'): Promise<Apart> {
  let found: Apart = { most: 0, where: '' }
  const { tensors } = await readSafetensors(join(one, `${file}.safetensors`))
  const { tensors: others } = await readSafetensors(join(other, `${file}.safetensors`))
  if (tensors.size !== others.size) throw new Error(`${tensors.size} tensors against ${others.size}`)
  for (const [name, { values }] of tensors) {
    const beside = others.get(name)?.values
    if (beside?.length !== values.length) throw new Error(`${name} is not in both`)
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    const most =
      values.reduce((far, value, i) => Math.max(far, Math.abs(value - (beside[i] ?? Number.NaN))), 0) / largest
    if (!(most <= found.most)) found = { most, where: name }
  }
  return found
}

/** How far apart the weights of two runs are. */
export async function weightsApart(one: string, other: string): Promise<number> {
  return (await tensorsApart(lastCheckpoint(one), lastCheckpoint(other), 'weights')).most
}
