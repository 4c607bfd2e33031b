import type { ModelSettings } from '../../compiler/analysis/model.js'
import { Failure } from '../failure.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import { RunFolder } from '../runs/folder.js'
import { namedWeights, noWeights, ownSources } from '../weights/initial_weights.js'
import type { LoadOptions } from '../weights/load.js'
import { weightsPath } from '../weights/resolve.js'
import type { StoredTensor } from '../weights/weight_file.js'
import { type CompletedWeights, openCompleted } from './completed.js'
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
   * The seed of initial values for what the files of a spec do not hold: a backbone's file has no classifier. Without it, a file that
   * does not hold everything is refused.
   */
  readonly initialSeed?: number
}

/** A spec with its weights: what a run holds, or a file with weights given beside it. */
export interface WeightedSpec {
  readonly spec: ReadySpec
  readonly classes: readonly string[] | undefined
  /** The names of classes and labels by label input, where there are others than one class. */
  readonly labelNames?: Readonly<Record<string, readonly string[]>>
  readonly weights: FoundWeights | undefined
  /** The run's seed. */
  readonly seed?: number
  /** The share of train that the run held out, where it is not the usual one. */
  readonly holdOut?: number
  /** The fingerprint of the run's training images. */
  readonly samples?: string
  /** The metrics of the checkpoint in use, from the run's log. */
  readonly metrics?: Readonly<Record<string, unknown>>
  /** How the answers of that checkpoint are corrected. */
  readonly calibration?: AnswerCalibration
}

/** Every weight that answers need. */
export interface FoundWeights {
  /** The file; several are separated by commas. */
  readonly path: string
  open(): Promise<CompletedWeights>
  load(): Promise<ReadonlyMap<string, StoredTensor>>
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
      weights: await besideSpec(spec, weights, weightsEntry, host, options),
    }
  }
  const run = await RunFolder.open(source)
  const spec = host.accept(compileStored(run.info.spec), source, 'run')
  const metrics = weights === undefined ? await run.metrics() : undefined
  const calibration = weights === undefined ? await run.calibration() : undefined
  return {
    spec,
    classes: run.info.classes,
    ...(run.info.labelNames && { labelNames: run.info.labelNames }),
    seed: run.info.seed,
    ...(run.info.holdOut !== undefined && { holdOut: run.info.holdOut }),
    ...(run.info.samples !== undefined && { samples: run.info.samples }),
    weights: await find(spec, weights ?? run.weightsPath(), weights === undefined ? undefined : weightsEntry, host, {}),
    ...(metrics && { metrics }),
    ...(calibration && { calibration }),
  }
}

/** The weights of a spec that is no run: a file given beside it, or those that it names. */
async function besideSpec(
  spec: ReadySpec,
  given: string | undefined,
  entry: string | undefined,
  host: SpecHost,
  options: WeightOptions,
): Promise<FoundWeights | undefined> {
  const { initialSeed } = options
  const mayBeRandom = initialSeed !== undefined
  if (given === undefined || (mayBeRandom && given === noWeights)) return undefined
  if (!mayBeRandom || given !== namedWeights) return find(spec, given, entry, host, options)
  const sources = ownSources(spec.graph.pretrained, spec.stored.entry)
  if (sources.length === 0)
    throw new Failure({
      code: 'no-named-weights',
      message: `${spec.stored.entry} names no weights`,
      help: 'leave --weights out for random ones, or give a file',
    })
  const files: LoadOptions[] = []
  for (const { source, from, partial, part } of sources) {
    const path = await weightsPath(source, from, host.reporter)
    files.push({ path, name: source, partial, part, classes: spec.graph.label?.size })
  }
  return found(spec, files, initialSeed)
}

async function find(
  spec: ReadySpec,
  source: string,
  entry: string | undefined,
  host: SpecHost,
  { initialSeed }: WeightOptions,
): Promise<FoundWeights> {
  const path = await weightsPath(source, undefined, host.reporter)
  const complete = initialSeed === undefined
  const classes = complete ? undefined : spec.graph.label?.size
  return found(spec, [{ path, name: source, complete, classes, ...(entry !== undefined && { entry }) }], initialSeed)
}

function found({ graph }: ReadySpec, files: readonly LoadOptions[], seed: number | undefined): FoundWeights {
  const open = () => openCompleted(graph, files, seed)
  return {
    path: files.map(({ path }) => path).join(', '),
    open,
    async load() {
      const weights = await open()
      const tensors = new Map<string, StoredTensor>()
      try {
        for (const name of weights.names) tensors.set(name, await weights.read(name))
      } finally {
        await weights.close()
      }
      return tensors
    },
  }
}
