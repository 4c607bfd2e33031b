import type { Sample } from '../../runtime/data/dataset.js'
import { type Annotations, annotationsOn } from '../../runtime/data/ground_truth.js'
import { decodeSample } from '../../runtime/data/sample_image.js'
import { tooManyUnreadable } from '../../runtime/data/unreadable.js'
import { Failure } from '../../runtime/failure.js'
import type { Answer, Predictor } from '../../runtime/inference/answer.js'
import type { Io } from '../io.js'

/** The batch size. */
const batch = 8

export interface Answered {
  readonly sample: Sample
  readonly answer: Answer
  /** The ground truth of the image. */
  readonly truth: { readonly label: number } & Annotations
}

/**
 * Yields a model's answer for each readable image, and warns about the others.
 *
 * @param mostUnreadable the share of images that may be unreadable
 * @throws Failure `images-unreadable` when there are more
 */
export async function* answersTo(
  samples: readonly Sample[],
  predictor: Predictor,
  io: Io,
  mostUnreadable = 1,
): AsyncGenerator<Answered> {
  let unreadable = 0
  for (let index = 0; index < samples.length; index += batch) {
    const decoded = await Promise.all(
      samples.slice(index, index + batch).map(async (sample) => {
        try {
          return [{ sample, image: await decodeSample(sample) }]
        } catch (error) {
          if (!(error instanceof Failure)) throw error
          io.reporter.warn(error.problem.message)
          unreadable++
          if (unreadable > mostUnreadable * samples.length)
            throw tooManyUnreadable(unreadable, samples.length, mostUnreadable)
          return []
        }
      }),
    )
    const readable = decoded.flat()
    if (readable.length === 0) continue
    const answers = await predictor.predict(readable.map(({ image }) => image))
    for (const [place, { sample, image }] of readable.entries()) {
      const answer = answers[place]
      if (answer) yield { sample, answer, truth: { label: sample.label, ...annotationsOn(sample.truth, image) } }
    }
    io.reporter.progress(`${Math.min(index + batch, samples.length)} of ${samples.length} images`)
  }
}
