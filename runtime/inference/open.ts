import { withoutLosses } from '../../compiler/graph/phase.js'
import type { EngineName } from '../engines/index.js'
import { Failure } from '../failure.js'
import type { ParameterSpec } from '../model.js'
import { packageRoot } from '../package_root.js'
import type { SpecHost } from '../specs/host.js'
import { openWeighted, type SpecOptions, type WeightedSpec } from '../specs/weighted.js'
import type { WeightStore } from '../weights/store.js'
import type { Predictor } from './answer.js'
import { calibrated } from './calibrate.js'
import type { EnginePredictor } from './engine.js'
import { OnnxPredictor } from './onnx.js'

/** Opens a run on an engine, or an exported file in ONNX Runtime, with its calibration. */
export async function openPredictor(
  source: string,
  engine: EngineName | undefined,
  host: SpecHost,
  other: SpecOptions & Pick<Partial<WeightedSpec>, 'classes' | 'labelNames'> = {},
): Promise<Predictor> {
  if (!source.endsWith('.onnx')) {
    const weighted = await openWeighted(source, other, host)
    const labelNames = weighted.labelNames ?? other.labelNames
    const predictor = await openOnEngine(
      { ...weighted, classes: weighted.classes ?? other.classes, ...(labelNames && { labelNames }) },
      engine,
      1,
      host,
    )
    return weighted.calibration ? calibrated(predictor, weighted.calibration) : predictor
  }
  if (other.weights !== undefined)
    throw new Failure({
      code: 'wrong-usage',
      message: `${source} already contains its weights`,
      help: 'give a run or a spec with --weights',
      exit: 2,
    })
  const predictor = await OnnxPredictor.open(source, host.reporter)
  const { calibration } = predictor.model
  return calibration ? calibrated(predictor, calibration) : predictor
}

export async function openOnEngine(
  weighted: WeightedSpec,
  engine: EngineName | undefined,
  seed: number,
  host: SpecHost,
): Promise<EnginePredictor> {
  const { spec, classes, labelNames } = weighted
  // Generated code imports modules of the package by their files.
  packageRoot()
  // ONNX files need none of these.
  const [{ openEngine }, { classNamesOf, labelNamesFor }, { loadModel }, { EnginePredictor }] = await Promise.all([
    import('../engines/index.js'),
    import('../export/metadata.js'),
    import('../generated/load.js'),
    import('./engine.js'),
  ])
  await openEngine(engine, host.reporter)
  const model = await loadModel(withoutLosses(spec.graph), spec.stored.entry)
  return new EnginePredictor(
    model,
    classNamesOf(spec.graph, classes),
    await storeOf(weighted, model.parameters, seed),
    labelNamesFor(spec.graph, labelNames),
  )
}

/** The spec's weights on the engine; random ones from the seed where it has none. */
export async function storeOf(
  { weights }: WeightedSpec,
  parameters: readonly ParameterSpec[],
  seed: number,
): Promise<WeightStore> {
  const { WeightStore } = await import('../weights/store.js')
  return weights
    ? WeightStore.from(parameters, await weights.load(), weights.path)
    : WeightStore.initial(parameters, seed)
}
