import type { Graph, ValueRef } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import { loadModel } from '../generated/load.js'
import { preprocess } from '../images/preprocess.js'
import type { RgbImage } from '../images/rgb_image.js'
import type { ParameterSpec } from '../model.js'
import type { WeightStore } from '../weights/store.js'
import type { Outputs } from './answer.js'
import { EnginePredictor } from './engine.js'

export interface InnerRequest {
  /** The spec's path, under which its generated code is cached. */
  readonly entry: string
  readonly weights: (parameters: readonly ParameterSpec[]) => Promise<WeightStore>
  readonly image: RgbImage
}

/**
 * Returns intermediate values of a model for one image from the current engine: the model runs with each of them as an output. `graph` has one phase.
 */
export async function innerValues(
  graph: Graph,
  values: readonly ValueRef[],
  { entry, weights, image }: InnerRequest,
): Promise<readonly Outputs[string][]> {
  const name = (index: number) => `value${index}`
  const predictions = values.map((value, index) => ({ name: name(index), value, meaning: { kind: 'tensor' as const } }))
  const model = await loadModel({ ...graph, losses: [], predictions, logits: [], crops: [], early: [] }, entry)
  const predictor = new EnginePredictor(model, [], await weights(model.parameters))
  try {
    const outputs = await predictor.run(preprocess(image, model.image.steps), 1)
    return values.map((_, index) => present(outputs[name(index)], name(index)))
  } finally {
    await predictor.close()
  }
}
