import type { Graph } from '../../compiler/graph/graph.js'
import { reasonForChance } from '../../runtime/inference/chance.js'
import type { RunFolder } from '../../runtime/runs/folder.js'
import { trainingRecord } from '../../runtime/training/metrics_records.js'
import { noWeights } from '../../runtime/weights/initial_weights.js'

/** Returns the likely reason, should the run's result be near chance, from its log and the weights that it began with. */
export async function chanceReason(run: RunFolder, graph: Graph): Promise<string> {
  const { weights } = run.info
  const records = (await run.log.read()).flatMap((line) => trainingRecord.safeParse(line).data ?? [])
  const losses = records.flatMap((record) =>
    record.kind === 'epoch' ? [Object.values(record.losses).reduce((sum, loss) => sum + loss, 0)] : [],
  )
  const random = weights === undefined ? graph.pretrained.length === 0 : weights === noWeights
  return reasonForChance({ losses, steps: records.at(-1)?.step ?? 0, random })
}
