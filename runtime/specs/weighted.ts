import type { ModelSettings } from '../../compiler/analysis/model.js'
import { RunFolder } from '../runs/folder.js'
import type { StoredTensor } from '../weights/file.js'
import { wantedBy } from '../weights/initial_weights.js'
import { type LoadOptions, loadWeights, type OpenWeights, openWeights } from '../weights/load.js'
import { weightsPath } from '../weights/resolve.js'
import type { ReadySpec, SpecHost } from './host.js'
import { compileFile, compileStored } from './spec.js'

export interface SpecOptions {
  readonly weights?: string
  /** The name in that file under which its weights are to be taken. */
  readonly weightsEntry?: string
  readonly set?: ModelSettings
}

/** A spec with its weights: what a run holds, or a file with weights given beside it. */
export interface WeightedSpec {
  readonly spec: ReadySpec
  readonly classes: readonly string[] | undefined
  readonly weights: FoundWeights | undefined
  /** The run's seed. */
  readonly seed?: number
  /** The metrics of the checkpoint in use, from the run's log. */
  readonly metrics?: Readonly<Record<string, unknown>>
}

/** Every weight that answers need; nothing may begin anew here. */
export interface FoundWeights {
  readonly path: string
  open(): Promise<OpenWeights>
  load(): Promise<ReadonlyMap<string, StoredTensor>>
}

export async function openWeighted(
  source: string,
  { weights, weightsEntry, set }: SpecOptions,
  host: SpecHost,
): Promise<WeightedSpec> {
  if (!RunFolder.exists(source)) {
    const spec = host.accept(compileFile(source, set ?? {}), source, 'file')
    return {
      spec,
      classes: undefined,
      weights: weights === undefined ? undefined : await find(spec, weights, weightsEntry, host),
    }
  }
  const run = await RunFolder.open(source)
  const spec = host.accept(compileStored(run.info.spec), source, 'run')
  const metrics = weights === undefined ? await run.metrics() : undefined
  return {
    spec,
    classes: run.info.classes,
    seed: run.info.seed,
    weights: await find(spec, weights ?? run.weightsPath(), weights === undefined ? undefined : weightsEntry, host),
    ...(metrics && { metrics }),
  }
}

async function find(
  { graph }: ReadySpec,
  source: string,
  entry: string | undefined,
  host: SpecHost,
): Promise<FoundWeights> {
  const path = await weightsPath(source, undefined, host.reporter)
  const options: LoadOptions = { path, name: source, complete: true, ...(entry !== undefined && { entry }) }
  return {
    path,
    open: () => openWeights(wantedBy(graph), options),
    load: async () => (await loadWeights(wantedBy(graph), options)).tensors,
  }
}
