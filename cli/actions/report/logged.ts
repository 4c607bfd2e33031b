import { stat } from 'node:fs/promises'
import * as z from 'zod'
import type { Graph } from '../../../compiler/graph/graph.js'
import { measure } from '../../../compiler/graph/measure.js'
import { mainScores } from '../../../runtime/inference/answer_metrics.js'
import type { Cost, EpochRecord, ReportData } from '../../../runtime/report/data.js'
import type { RunFolder } from '../../../runtime/runs/folder.js'
import { answerMetrics } from '../../../runtime/training/metrics_records.js'

const stepLine = z.object({ kind: z.literal('step'), epoch: z.number(), rate: z.number(), gradientNorm: z.number() })

const epochLine = z.object({
  kind: z.literal('epoch'),
  epoch: z.number(),
  step: z.number(),
  losses: z.record(z.string(), z.number()),
  val: z
    .object({
      top1: z.record(z.string(), z.number()).optional(),
      answers: z.record(z.string(), answerMetrics).optional(),
    })
    .optional(),
  secondsPerStep: z.number(),
})

/** Returns the part of a report that needs no images: curves, facts and cost. */
export async function loggedOf(
  run: RunFolder,
  graph: Graph,
  folder: string,
): Promise<Pick<ReportData, 'epochs' | 'steps' | 'facts' | 'cost'>> {
  const lines = await run.log.read()
  const ends = lines.flatMap((line) => epochLine.safeParse(line).data ?? [])
  return {
    epochs: ends.map(
      ({ epoch, losses, val }): EpochRecord => ({
        epoch,
        losses,
        top1: val?.top1 ?? {},
        ...(val?.answers && { scores: mainScores(val.answers) }),
      }),
    ),
    steps: lines.flatMap((line) => stepLine.safeParse(line).data ?? []),
    facts: factsOf(run.info, folder),
    cost: await costOf(run, graph, ends.at(-1)),
  }
}

async function costOf(
  run: RunFolder,
  graph: Graph,
  end: Pick<z.infer<typeof epochLine>, 'step' | 'secondsPerStep'> | undefined,
): Promise<Cost> {
  const { size } = await stat(run.weightsPath())
  return { ...measure(graph), weightBytes: size, ...(end && { trainingSeconds: end.step * end.secondsPerStep }) }
}

function factsOf(info: RunFolder['info'], folder: string): ReportData['facts'] {
  const { train } = info.spec
  return [
    ['wsban', info.wsban],
    ['engine', info.engine],
    ['images', folder],
    ['epochs', String(info.epochs)],
    ['batch', String(info.batch)],
    ['seed', String(info.seed)],
    ['settings', JSON.stringify(info.spec.settings)],
    ...(train ? [['--train', train.join(', ')] as const] : []),
    ...(info.weights === undefined ? [] : [['--weights', info.weights] as const]),
    ['checkpoint shown', info.best ?? info.last ?? 'none yet'],
  ]
}
