import { z } from 'zod'
import { Failure } from '../failure.js'
import type { Random } from '../random.js'
import {
  brightness,
  centerCrop,
  contrast,
  flip,
  normalize,
  randomCrop,
  randomResizedCrop,
  rotate,
  saturation,
} from './changes.js'
import type { AnyPicture } from './picture.js'
import { resizeBilinear } from './resize.js'

/** One step of a model's preprocessing or augmentation, as the compiler hands it over: a name of `stepNames` and its arguments. */
export interface ImageStep {
  readonly name: string
  readonly arguments: Readonly<Record<string, number | string | boolean | readonly number[]>>
}

/** A step with its arguments checked. */
export interface ReadyStep {
  readonly name: string
  /** Whether it draws random numbers, so belongs to training only. */
  readonly random: boolean
  apply(picture: AnyPicture, random: Random): AnyPicture
}

interface StepKind {
  readonly random: boolean
  readonly ready: (name: string, given: ImageStep['arguments']) => ReadyStep
}

function kind<Shape extends z.ZodRawShape>(
  random: boolean,
  shape: Shape,
  apply: (picture: AnyPicture, options: z.infer<z.ZodObject<Shape>>, random: Random) => AnyPicture,
): StepKind {
  const schema = z.strictObject(shape)
  return {
    random,
    ready(name, given) {
      const parsed = schema.safeParse(given)
      if (!parsed.success) {
        const reasons = parsed.error.issues.map((issue) =>
          [issue.path.join('.'), issue.message].filter(Boolean).join(': '),
        )
        throw new Failure({
          code: 'image-step-argument',
          message: `the image step ${name} does not fit: ${reasons.join('; ')}`,
          help: `${name} takes ${Object.keys(shape).join(', ')}`,
        })
      }
      const options = parsed.data as z.infer<z.ZodObject<Shape>>
      return { name, random, apply: (picture, stream) => apply(picture, options, stream) }
    },
  }
}

const size = z.number().int().min(1).max(16384)
const factor = z.number().min(0)
const positive = z.number().positive()
/** One number for all colours, or one each. */
const colours = (value: z.ZodNumber) =>
  z.union([z.tuple([value, value, value]), value.transform((one): [number, number, number] => [one, one, one])])

const kinds: Readonly<Record<string, StepKind>> = {
  resize: kind(false, { size }, (p, o) => ({ width: o.size, height: o.size, data: resizeBilinear(p, o.size, o.size) })),
  center_crop: kind(false, { size }, (p, o) => centerCrop(p, o.size)),
  random_crop: kind(true, { size }, (p, o, random) => randomCrop(p, o.size, random)),
  random_resized_crop: kind(
    true,
    { size, scale_min: positive.max(1).default(0.08), scale_max: positive.max(1).default(1) },
    (p, o, random) => randomResizedCrop(p, o.size, o.scale_min, o.scale_max, random),
  ),
  flip: kind(true, { direction: z.enum(['horizontal', 'vertical']).default('horizontal') }, (p, o, random) =>
    flip(p, o.direction, random),
  ),
  brightness: kind(true, { amount: factor }, (p, o, random) => brightness(p, o.amount, random)),
  contrast: kind(true, { low: factor, high: factor }, (p, o, random) => contrast(p, o.low, o.high, random)),
  saturation: kind(true, { low: factor, high: factor }, (p, o, random) => saturation(p, o.low, o.high, random)),
  rotate: kind(true, { degrees: z.number().min(0).max(180) }, (p, o, random) => rotate(p, o.degrees, random)),
  normalize: kind(
    false,
    { mean: colours(z.number()).default([0, 0, 0]), deviation: colours(positive).default([1, 1, 1]) },
    (p, o) => normalize(p, o.mean, o.deviation),
  ),
}

/** The names a step may have. */
export const stepNames: readonly string[] = Object.keys(kinds)

/**
 * Checks the steps once, before the first picture.
 *
 * @throws Failure `image-step-unknown` or `image-step-argument`
 */
export function readySteps(steps: readonly ImageStep[]): readonly ReadyStep[] {
  return steps.map((step) => {
    const found = Object.hasOwn(kinds, step.name) ? kinds[step.name] : undefined
    if (!found) {
      throw new Failure({
        code: 'image-step-unknown',
        message: `there is no image step ${JSON.stringify(step.name)}`,
        help: `the steps are ${stepNames.join(', ')}`,
      })
    }
    return found.ready(step.name, step.arguments)
  })
}
