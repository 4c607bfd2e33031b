import { wholeImage } from '../../compiler/graph/view.js'
import { evalBatches } from '../data/batches.js'
import type { DataSet, SplitName } from '../data/dataset.js'
import type { ImageSource } from '../data/image_source.js'
import { targetsOf } from '../data/label_inputs.js'
import type { Reporter } from '../reporter.js'
import { type Answer, answerOf, classAnswer } from './answer.js'
import { AnswersCounter, scoreOf } from './answer_metrics.js'
import type { EnginePredictor } from './engine.js'
import { EvaluationCounter, type Scores } from './evaluate.js'

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
): Promise<Scores | undefined> {
  const { signature, labelNames } = predictor
  const classes = !signature || classAnswer(signature) ? new EvaluationCounter(data.classes, signature) : undefined
  const answers = signature && new AnswersCounter(signature, labelNames ?? {})
  let counted = 0
  const samples = data.splits[split]
  const { size, steps } = predictor.model.image
  for await (const made of evalBatches(samples, { size, steps, batch, reporter, ...(images && { images }) })) {
    if (interrupted?.()) return undefined
    const outputs = await predictor.run(made.images, made.labels.length)
    made.indices.forEach((sampleIndex, index) => {
      const sample = samples[sampleIndex]
      if (!sample) return
      const answer = answerOf(outputs, index, wholeImage, signature)
      counted++
      classes?.add(answer, { label: sample.label, ...made.places[index] })
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
