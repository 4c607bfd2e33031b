import { elementAt } from '../../../grammar/present.js'
import type { Sample } from '../../../runtime/data/dataset.js'
import type { EngineName } from '../../../runtime/engines/index.js'
import { Failure } from '../../../runtime/failure.js'
import { argMax } from '../../../runtime/inference/answer.js'
import { wilsonInterval } from '../../../runtime/inference/chance.js'
import { EvaluationCounter } from '../../../runtime/inference/evaluate.js'
import { openPredictor } from '../../../runtime/inference/open.js'
import type { ComparedModel } from '../../../runtime/report/compared.js'
import type { Io } from '../../io.js'
import { answersTo } from '../answers.js'
import { specHost } from '../spec.js'
import type { StoredModel } from './stored_model.js'

/** The sides of the blank image that precedes the measured ones, in pixels. */
const blankSide = 64

/** The prediction for one image. */
export interface Outcome {
  readonly sample: Sample
  /** The predicted class. */
  readonly predicted: number
  readonly right: boolean
  /** The probability of the true class. */
  readonly truthProbability: number
}

export interface MeasuredModel extends ComparedModel {
  /** One for each image that could be read. */
  readonly outcomes: readonly Outcome[]
}

/**
 * Evaluates a model on images.
 *
 * @param maxUnreadable the largest share of the images that may be unreadable
 * @throws Failure `images-unreadable`, `no-images`, and those of `openPredictor`
 */
export async function measureModel(
  { source, facts }: StoredModel,
  samples: readonly Sample[],
  engine: EngineName | undefined,
  maxUnreadable: number,
  io: Io,
): Promise<MeasuredModel> {
  io.reporter.say(`evaluating ${source}`)
  const predictor = await openPredictor(source, engine, specHost(io))
  try {
    // Engines initialise their kernels with the first batch, which therefore does not count in the rate.
    await predictor.predict([{ data: new Uint8Array(3 * blankSide ** 2), width: blankSide, height: blankSide }])
    const counter = new EvaluationCounter(predictor.classes)
    const outcomes: Outcome[] = []
    const start = performance.now()
    for await (const { sample, answer, truth } of answersTo(samples, predictor, io, maxUnreadable)) {
      counter.add(answer, truth)
      const predicted = argMax(answer.probabilities)
      const truthProbability = elementAt(answer.probabilities, sample.label)
      outcomes.push({ sample, predicted, right: predicted === sample.label, truthProbability })
    }
    const millisecondsPerImage = (performance.now() - start) / samples.length
    if (outcomes.length === 0)
      throw new Failure({
        code: 'no-images',
        message: 'none of the images can be read',
        help: 'choose other images with --data or --split',
      })
    const evaluation = counter.result()
    const right = outcomes.filter((outcome) => outcome.right).length
    return { ...facts, evaluation, interval: wilsonInterval(right, outcomes.length), millisecondsPerImage, outcomes }
  } finally {
    await predictor.close()
  }
}
