import { evalBatches } from '../data/batches.js'
import type { DataSet, SplitName } from '../data/dataset.js'
import type { ImageSource } from '../data/image_source.js'
import type { Reporter } from '../reporter.js'
import { type Answer, answerOf } from './answer.js'
import type { EnginePredictor } from './engine.js'
import { type Evaluation, EvaluationCounter } from './evaluate.js'

export interface SplitOptions {
  readonly split: SplitName
  readonly batch: number
  readonly reporter: Reporter
  readonly images?: ImageSource
  /** True once a stop was requested. */
  readonly interrupted?: () => boolean
  /** Called with each answer and the place of its image in the split. */
  readonly onAnswer?: (index: number, answer: Answer) => void
}

/** The split's images through the model, counted; undefined when it was stopped. */
export async function evaluateSplit(
  predictor: EnginePredictor,
  data: DataSet,
  { split, batch, reporter, images, interrupted, onAnswer }: SplitOptions,
): Promise<Evaluation | undefined> {
  const counter = new EvaluationCounter(data.classes)
  const samples = data.splits[split]
  const { size, steps } = predictor.model.image
  for await (const made of evalBatches(samples, { size, steps, batch, reporter, ...(images && { images }) })) {
    if (interrupted?.()) return undefined
    const outputs = await predictor.run(made.images, made.labels.length)
    made.indices.forEach((sampleIndex, index) => {
      const sample = samples[sampleIndex]
      if (!sample) return
      const answer = answerOf(outputs, index)
      counter.add(answer, { label: sample.label, ...made.places[index] })
      onAnswer?.(sampleIndex, answer)
    })
    // Lets signals in.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return counter.result()
}
