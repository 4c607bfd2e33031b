import * as z from 'zod'
import type { Random } from '../../compiler/random.js'
import { Failure } from '../failure.js'
import { centerCrop, erase, flip, randomCrop, randomResizedCrop, type Shape, turn } from './changes.js'
import { brighten, contrast, normalize, saturate, turnHue } from './colours.js'
import { randAugment } from './rand_augment.js'
import { resizeImage } from './resize.js'
import type { AnyImage } from './rgb_image.js'

/** One step of a model's preprocessing or augmentation, as compiled: a name of `stepNames` and its arguments. */
export interface ImageStep {
  readonly name: string
  readonly arguments: Readonly<Record<string, number | string | boolean | readonly number[]>>
}

/** A step with its arguments checked. */
export interface ReadyStep {
  readonly name: string
  /** Whether it draws random numbers, which only training may do. */
  readonly random: boolean
  apply(image: AnyImage, random: Random): AnyImage
}

interface StepKind {
  readonly random: boolean
  readonly ready: (name: string, given: ImageStep['arguments']) => ReadyStep
}

function kind<Shape extends z.ZodRawShape>(
  random: boolean,
  shape: Shape,
  apply: (image: AnyImage, options: z.infer<z.ZodObject<Shape>>, random: Random) => AnyImage,
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
      return { name, random, apply: (image, stream) => apply(image, options, stream) }
    },
  }
}

const size = z.number().int().min(1).max(16384)
const interpolation = z.enum(['bilinear', 'bicubic']).default('bilinear')
const factor = z.number().min(0)
const positive = z.number().positive()
const share = z.number().min(0).max(1)
/** The range of a random rectangle's area and aspect ratio, with defaults. */
const shape = ({ scale, ratio }: { scale: readonly [number, number]; ratio: readonly [number, number] }) => ({
  scale_min: positive.max(1).default(scale[0]),
  scale_max: positive.max(1).default(scale[1]),
  ratio_min: positive.default(ratio[0]),
  ratio_max: positive.default(ratio[1]),
})
const shapeOf = (o: { scale_min: number; scale_max: number; ratio_min: number; ratio_max: number }): Shape => ({
  scaleMin: o.scale_min,
  scaleMax: o.scale_max,
  ratioMin: o.ratio_min,
  ratioMax: o.ratio_max,
})
/** One number for all channels, or one each. */
const colours = (value: z.ZodNumber) =>
  z.union([z.tuple([value, value, value]), value.transform((one): [number, number, number] => [one, one, one])])

const kinds: Readonly<Record<string, StepKind>> = {
  resize: kind(false, { size, interpolation }, (p, o) => ({
    width: o.size,
    height: o.size,
    data: resizeImage(p, o.size, o.size, o.interpolation),
  })),
  center_crop: kind(false, { size }, (p, o) => centerCrop(p, o.size)),
  random_crop: kind(true, { size }, (p, o, random) => randomCrop(p, o.size, random)),
  random_resized_crop: kind(
    true,
    { size, ...shape({ scale: [0.08, 1], ratio: [3 / 4, 4 / 3] }), interpolation },
    (p, o, random) => randomResizedCrop(p, o.size, shapeOf(o), o.interpolation, random),
  ),
  flip: kind(
    true,
    { direction: z.enum(['horizontal', 'vertical']).default('horizontal'), probability: share.default(0.5) },
    (p, o, random) => flip(p, o.direction, o.probability, random),
  ),
  rotate: kind(true, { degrees: z.number().min(0).max(180) }, (p, o, random) =>
    turn(p, random.uniform(-o.degrees, o.degrees)),
  ),
  brightness: kind(true, { amount: factor }, (p, o, random) => brighten(p, random.uniform(-o.amount, o.amount))),
  contrast: kind(true, { low: factor, high: factor }, (p, o, random) => contrast(p, random.uniform(o.low, o.high))),
  saturation: kind(true, { low: factor, high: factor }, (p, o, random) => saturate(p, random.uniform(o.low, o.high))),
  hue: kind(true, { amount: z.number().min(0).max(0.5) }, (p, o, random) =>
    turnHue(p, random.uniform(-o.amount, o.amount)),
  ),
  erasing: kind(
    true,
    {
      probability: share.default(0.5),
      ...shape({ scale: [0.02, 0.33], ratio: [0.3, 3.3] }),
      fill: share.default(0.5),
    },
    (p, o, random) => erase(p, o.probability, shapeOf(o), o.fill * 255, random),
  ),
  rand_augment: kind(
    true,
    {
      count: z.number().int().min(0).max(14).default(2),
      magnitude: z.number().min(0).max(30).default(9),
      fill: share.default(0.5),
    },
    (p, o, random) => randAugment(p, { count: o.count, magnitude: o.magnitude, fill: o.fill * 255 }, random),
  ),
  normalize: kind(
    false,
    { mean: colours(z.number()).default([0, 0, 0]), deviation: colours(positive).default([1, 1, 1]) },
    (p, o) => normalize(p, o.mean, o.deviation),
  ),
}

/** The names a step may have. */
export const stepNames: readonly string[] = Object.keys(kinds)

/**
 * Checks the steps once, before the first image.
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
