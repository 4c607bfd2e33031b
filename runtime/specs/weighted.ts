import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import { RunFolder } from '../runs/folder.js'
import type { StoredTensor } from '../weights/file.js'
import { type InitialValues, initialValues } from '../weights/initial_values.js'
import { wantedBy } from '../weights/initial_weights.js'
import { type LoadOptions, type OpenWeights, openWeights } from '../weights/load.js'
import { weightsPath } from '../weights/resolve.js'
import type { ReadySpec, SpecHost } from './host.js'
import { compileFile, compileStored } from './spec.js'

export interface SpecOptions {
  readonly weights?: string
  /** The name in that file under which its weights are to be taken. */
  readonly weightsEntry?: string
  readonly set?: ModelSettings
}

/** How weights are opened. */
interface WeightOptions {
  /**
   * The seed of initial values for what the file of a spec does not hold: a backbone's file has no classifier. Without it, a file that
   * does not hold everything is refused.
   */
  readonly initialSeed?: number
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

/** Every weight that answers need. */
export interface FoundWeights {
  readonly path: string
  open(): Promise<CompletedWeights>
  load(): Promise<ReadonlyMap<string, StoredTensor>>
}

/** Weights with a value for each parameter that answers need. */
export interface CompletedWeights extends Pick<OpenWeights, 'read' | 'match' | 'close'> {
  /** The weights that the file lacks; absent if it has all of them. */
  readonly initial?: InitialValues
}

export async function openWeighted(
  source: string,
  { weights, weightsEntry, set }: SpecOptions,
  host: SpecHost,
  options: WeightOptions = {},
): Promise<WeightedSpec> {
  if (!RunFolder.exists(source)) {
    const spec = host.accept(compileFile(source, set ?? {}), source, 'file')
    return {
      spec,
      classes: undefined,
      weights: weights === undefined ? undefined : await find(spec, weights, weightsEntry, host, options),
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
  { initialSeed }: WeightOptions = {},
): Promise<FoundWeights> {
  const path = await weightsPath(source, undefined, host.reporter)
  const complete = initialSeed === undefined
  const classes = complete ? undefined : graph.label?.classes
  const options: LoadOptions = { path, name: source, complete, classes, ...(entry !== undefined && { entry }) }
  const open = async (): Promise<CompletedWeights> => {
    const weights = await openWeights(wantedBy(graph), options)
    return initialSeed === undefined ? weights : completed(weights, graph, initialSeed)
  }
  return {
    path,
    open,
    async load() {
      const weights = await open()
      const tensors = new Map<string, StoredTensor>()
      try {
        for (const name of [...weights.match.found.keys(), ...(weights.initial?.names ?? [])])
          tensors.set(name, await weights.read(name))
      } finally {
        await weights.close()
      }
      return tensors
    },
  }
}

/** The weights of a file, with initial values for what answers need beside them. */
function completed(weights: OpenWeights, graph: Graph, seed: number): CompletedWeights {
  const { found } = weights.match
  const names = wantedBy(graph).flatMap(({ name, optional }) => (optional || found.has(name) ? [] : [name]))
  if (names.length === 0) return weights
  return {
    ...weights,
    initial: { names, seed },
    async read(name) {
      if (found.has(name)) return weights.read(name)
      const parameter = present(graph.parameters.get(name), name)
      return { shape: parameter.shape, values: initialValues(parameter, seed) }
    },
  }
}
