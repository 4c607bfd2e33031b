import { Random } from '../../compiler/random.js'
import { Failure } from '../failure.js'
import type { AnyImage, FloatImage } from './rgb_image.js'
import { type ImageStep, type ReadyStep, readySteps } from './steps.js'

export { type ImageStep, stepNames } from './steps.js'

/**
 * Preprocesses an image for evaluation with the given steps.
 *
 * @returns [height, width, 3] of the last step's size; 0 to 255 unless a step normalises
 * @throws Failure `image-step-unknown`, `image-step-argument`, `image-smaller-than-crop`, or `image-step-random` for a random step
 */
export function preprocess(image: AnyImage, steps: readonly ImageStep[]): Float32Array {
  return applySteps(image, evaluationSteps(steps)).data
}

/** As `preprocess`, for training: random steps draw from `random`, so the same stream gives the same image. */
export function augment(image: AnyImage, steps: readonly ImageStep[], random: Random): Float32Array {
  return applySteps(image, readySteps(steps), random).data
}

/** Returns the checked steps, none of which may be random. */
export function evaluationSteps(steps: readonly ImageStep[]): readonly ReadyStep[] {
  const ready = readySteps(steps)
  const random = ready.find((step) => step.random)
  if (random) {
    throw new Failure({
      code: 'image-step-random',
      message: `${random.name} is random, so it cannot be a step of evaluation`,
      help: 'keep it in augment; evaluation takes resize, center_crop and normalize',
    })
  }
  return ready
}

/** Runs checked steps. Without a stream the steps must not be random. */
export function applySteps(image: AnyImage, steps: readonly ReadyStep[], random = new Random(0)): FloatImage {
  let current = image
  for (const step of steps) current = step.apply(current, random)
  const { width, height, data } = current
  return { width, height, data: data instanceof Float32Array ? data : Float32Array.from(data) }
}
