import type { ModelSettings } from '../../compiler/analysis/model.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { compileStored } from '../../runtime/specs/spec.js'
import { wantedBy } from '../../runtime/weights/begin.js'
import type { StoredTensor } from '../../runtime/weights/file.js'
import { type LoadOptions, loadWeights, type OpenWeights, openWeights } from '../../runtime/weights/load.js'
import { weightsPath } from '../../runtime/weights/resolve.js'
import type { Io } from '../io.js'
import { type ReadySpec, readySpec, requireGraph } from './spec.js'

export interface SpecOptions {
  readonly weights?: string
  readonly set?: ModelSettings
}

/** A spec with its weights: what a run holds, or a file with weights given beside it. */
export interface WeightedSpec {
  readonly spec: ReadySpec
  readonly classes: readonly string[] | undefined
  readonly weights: FoundWeights | undefined
  /** The run's seed. */
  readonly seed?: number
  /** What the run's log says of the checkpoint that is used. */
  readonly metrics?: Readonly<Record<string, unknown>>
}

/** Every weight that answers need; nothing may begin anew here. */
export interface FoundWeights {
  readonly path: string
  open(): Promise<OpenWeights>
  load(): Promise<ReadonlyMap<string, StoredTensor>>
}

export async function openWeighted(source: string, { weights, set }: SpecOptions, io: Io): Promise<WeightedSpec> {
  if (!RunFolder.exists(source)) {
    const spec = readySpec(source, set ?? {}, io)
    return { spec, classes: undefined, weights: weights === undefined ? undefined : await find(spec, weights, io) }
  }
  const run = await RunFolder.open(source)
  const spec = requireGraph(compileStored(run.info.spec), source, io)
  const metrics = weights === undefined ? await run.metrics() : undefined
  return {
    spec,
    classes: run.info.classes,
    seed: run.info.seed,
    weights: await find(spec, weights ?? run.weightsPath(), io),
    ...(metrics && { metrics }),
  }
}

async function find({ graph }: ReadySpec, source: string, io: Io): Promise<FoundWeights> {
  const path = await weightsPath(source, undefined, io.reporter)
  const options: LoadOptions = { path, name: source, complete: true }
  return {
    path,
    open: () => openWeights(wantedBy(graph), options),
    load: async () => (await loadWeights(wantedBy(graph), options)).tensors,
  }
}
