import { type EngineName, openEngine } from '../../runtime/engines/index.js'
import { classNamesOf } from '../../runtime/export/onnx.js'
import { Failure } from '../../runtime/failure.js'
import { loadModel } from '../../runtime/generated/load.js'
import { EnginePredictor } from '../../runtime/inference/engine.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import type { Predictor } from '../../runtime/inference/predictor.js'
import type { ParameterSpec } from '../../runtime/model.js'
import { WeightStore } from '../../runtime/weights/store.js'
import type { Io } from '../io.js'
import { openWeighted, type SpecOptions, type WeightedSpec } from './weighted_spec.js'

/** A run on an engine, or an exported file on ONNX Runtime. */
export async function openPredictor(
  source: string,
  engine: EngineName | undefined,
  io: Io,
  other: SpecOptions & { readonly classes?: readonly string[] } = {},
): Promise<Predictor> {
  if (!source.endsWith('.onnx')) {
    const weighted = await openWeighted(source, other, io)
    return openOnEngine({ ...weighted, classes: weighted.classes ?? other.classes }, engine, 1, io)
  }
  if (other.weights !== undefined)
    throw new Failure({
      code: 'wrong-usage',
      message: `${source} has its weights inside`,
      help: 'give a run or a spec with --weights',
      exit: 2,
    })
  return OnnxPredictor.open(source)
}

export async function openOnEngine(
  weighted: WeightedSpec,
  engine: EngineName | undefined,
  seed: number,
  io: Io,
): Promise<EnginePredictor> {
  const { spec, classes } = weighted
  await openEngine(engine, io.reporter)
  const model = await loadModel(spec.graph, spec.stored.entry)
  return new EnginePredictor(model, classNamesOf(spec.graph, classes), await storeOf(weighted, model.parameters, seed))
}

/** The spec's weights on the engine; random ones from the seed where it has none. */
export async function storeOf(
  { weights }: WeightedSpec,
  parameters: readonly ParameterSpec[],
  seed: number,
): Promise<WeightStore> {
  // Prediction needs none of what only the losses use, so a file without it is fine.
  const needed = parameters.filter(({ trainingOnly }) => !trainingOnly)
  return weights ? WeightStore.from(needed, await weights.load(), weights.path) : WeightStore.initial(needed, seed)
}
