import { wholeImage } from '../../compiler/graph/view.js'
import { type Batch, evalBatches, withoutImages } from '../data/batches.js'
import type { DataSet, SplitName } from '../data/dataset.js'
import type { FeatureSource } from '../data/feature_source.js'
import { targetsOf } from '../data/label_inputs.js'
import type { PreparedImages } from '../data/prepared_images.js'
import type { RunState } from '../scope.js'
import { type Answer, answerOf, classAnswer } from './answer.js'
import { AnswersCounter, scoreOf } from './answer_metrics.js'
import type { EnginePredictor, FeaturesOf } from './engine.js'
import { EvaluationCounter, type Scores } from './evaluate.js'

export interface SplitOptions {
  readonly split: SplitName
  readonly batch: number
  readonly images: PreparedImages
  /** Whether a stop was requested. */
  readonly interrupted?: () => boolean
  /** Caches the features of frozen parts. */
  readonly cache?: SplitFeatures
  /** Called with each answer and the index of its image in the split. */
  readonly onAnswer?: (index: number, answer: Answer) => void
}

/** Features of a split's images. */
export interface SplitFeatures {
  readonly source: FeatureSource
  /** Returns the features of a batch for one forward pass. */
  featuresOf(batch: Batch, state: RunState): Promise<FeaturesOf>
}

/** Evaluates a model on a split; undefined if it was stopped. */
export async function evaluateSplit(
  predictor: EnginePredictor,
  data: DataSet,
  { split, batch, images, cache, interrupted, onAnswer }: SplitOptions,
): Promise<Scores | undefined> {
  const { signature, labelNames } = predictor
  const classes = !signature || classAnswer(signature) ? new EvaluationCounter(data.classes, signature) : undefined
  const answers = signature && new AnswersCounter(signature, labelNames ?? {})
  let counted = 0
  const samples = data.splits[split]
  const { size, steps } = predictor.model.image
  const options = { size, steps, batch, images, ...(cache && { features: cache.source }) }
  for await (const made of evalBatches(samples, options)) {
    if (interrupted?.()) return undefined
    const features = await cache?.featuresOf(made, predictor.state)
    const { images: input } = cache && !cache.source.needsImages ? withoutImages(made) : made
    const outputs = await predictor.run(input, made.labels.length, features)
    made.indices.forEach((sampleIndex, index) => {
      const sample = samples[sampleIndex]
      if (!sample) return
      const answer = answerOf(outputs, index, wholeImage, signature)
      counted++
      classes?.add(answer, { label: sample.label, ...made.annotations[index] })
      answers?.add(answer, targetsOf(sample, signature))
      onAnswer?.(sampleIndex, answer)
    })
    // Lets signals in.
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (!answers && classes) return classes.result()
  const metrics = counted > 0 ? (answers?.result() ?? {}) : {}
  const score = scoreOf(metrics)
  return { ...classes?.result(), images: counted, answers: metrics, ...(score && { score }) }
}
