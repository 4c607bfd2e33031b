import { scoreValue } from '../inference/evaluate.js'
import type { RunFolder } from '../runs/folder.js'
import { type TrainingRecord, trainingRecord } from '../training/metrics_records.js'
import { type RunState, topOne } from './state.js'

/** The maximum number of points of a curve; a screen shows no more. */
const mostPoints = 400

type Logged = Pick<RunState, 'epoch' | 'steps' | 'ends' | 'best' | 'secondsLeft'>

/** Returns the epochs and steps of a run's log. */
export async function loggedOf(run: RunFolder): Promise<Logged> {
  const records = (await run.log.read()).flatMap((line) => trainingRecord.safeParse(line).data ?? [])
  const ends = records.flatMap((record) => (record.kind === 'epoch' ? [record] : []))
  const steps = records.flatMap((record) => (record.kind === 'step' ? [record] : []))
  const [end, last] = [ends.at(-1), records.at(-1)]
  const epoch = last?.epoch ?? 0
  const scored = ends.flatMap(({ epoch: of, val }) => {
    const score = scoreOf(val)
    return score ? [{ epoch: of, ...score }] : []
  })
  const [best] = scored.toSorted((a, b) => b.value - a.value)
  return {
    epoch,
    ...(best && { best }),
    // Evaluation time is excluded, as on the command line.
    ...(end && { secondsLeft: (run.info.epochs - epoch) * (end.step / end.epoch) * end.secondsPerStep }),
    steps: thinned(steps).flatMap(({ epoch: of, losses: { total }, rate }) =>
      total === undefined ? [] : [{ epoch: of, loss: total, rate }],
    ),
    ends: ends.map(({ epoch: of, losses, val }) => {
      const score = scoreOf(val)
      return { epoch: of, losses, top1: (val.images > 0 && val.top1) || {}, ...(score && { score }) }
    }),
  }
}

/** Returns the metric by which epochs are compared; undefined without images. */
function scoreOf(val: Extract<TrainingRecord, { kind: 'epoch' }>['val']): RunState['ends'][number]['score'] {
  const value = scoreValue(val)
  return value === undefined
    ? undefined
    : { metric: val.score ? `${val.score.answer} ${val.score.metric}` : topOne, value }
}

/** At most `mostPoints` of the values, evenly apart, with the last one. */
function thinned<T>(values: readonly T[]): T[] {
  const every = Math.ceil(values.length / mostPoints)
  return values.filter((_, index) => (values.length - 1 - index) % every === 0)
}
