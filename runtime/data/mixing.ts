import type { Setting } from '../../compiler/graph/graph.js'
import type { Random } from '../../compiler/random.js'
import { Failure } from '../failure.js'

/** The second labels of a mixed batch, and their share. */
export interface Mixed {
  /** [B] class indices of the images mixed in */
  readonly labels: Int32Array
  /** The share of each image itself (lambda), from 0 to 1; the same for the whole batch. */
  readonly share: number
}

/** A batch of images of one size. */
export interface Stack {
  /** [B, size, size, 3]; changed in place */
  readonly images: Float32Array
  readonly labels: Int32Array
  readonly size: number
}

type Mixing = (stack: Stack, order: readonly number[], share: number, random: Random) => number

/** Each mixes the images with the permuted ones, and returns the share of the images themselves. */
const mixings: Readonly<Record<string, Mixing>> = {
  /** Zhang et al. 2017, equation 1: a weighted sum. */
  mixup({ images }, order, share) {
    const length = images.length / order.length
    const own = images.slice()
    for (const [index, other] of order.entries())
      for (let at = index * length, from = other * length, end = at + length; at < end; at++, from++)
        images[at] = share * (own[at] as number) + (1 - share) * (own[from] as number)
    return share
  },
  /** Yun et al. 2019, section 3.1: a rectangle of the other image, at one position for the batch, clipped to the image. */
  cutmix({ images, size }, order, share, random) {
    const half = (size * Math.sqrt(1 - share)) / 2
    const [x, y] = [random.integer(size), random.integer(size)]
    const within = (value: number) => Math.min(size, Math.max(0, Math.round(value)))
    const [left, right, top, bottom] = [within(x - half), within(x + half), within(y - half), within(y + half)]
    const length = images.length / order.length
    const own = images.slice()
    for (const [index, other] of order.entries())
      for (let row = top; row < bottom; row++) {
        const place = row * size * 3
        const part = own.subarray(other * length + place + left * 3, other * length + place + right * 3)
        images.set(part, index * length + place + left * 3)
      }
    return 1 - ((right - left) * (bottom - top)) / (size * size)
  },
}

/**
 * Mixes a batch in place by one of the settings, each as likely as the others; its share is drawn from Beta(alpha, alpha).
 *
 * @throws Failure `mixing-unknown`
 */
export function mixBatch(stack: Stack, settings: readonly Setting[], random: Random): Mixed {
  const setting = settings[random.integer(settings.length)]
  const mixing = setting && Object.hasOwn(mixings, setting.name) ? mixings[setting.name] : undefined
  const alpha = setting?.arguments.alpha
  if (!mixing || typeof alpha !== 'number' || !(alpha > 0))
    throw new Failure({
      code: 'mixing-unknown',
      message: `batches cannot be mixed by ${JSON.stringify(setting)}`,
      help: `known are ${Object.keys(mixings).join(' and ')}, each with an alpha above 0`,
    })
  const share = beta(alpha, random)
  const order = random.shuffle([...stack.labels.keys()])
  const left = mixing(stack, order, share, random)
  return { labels: Int32Array.from(order, (other) => stack.labels[other] as number), share: left }
}

/** Samples Beta(alpha, alpha) as the ratio of a gamma variate to the sum of two. */
function beta(alpha: number, random: Random): number {
  const [a, b] = [gamma(alpha, random), gamma(alpha, random)]
  // Both underflow to 0 for an alpha near 0; then the share is 0 or 1 at random.
  return a + b > 0 ? a / (a + b) : random.integer(2)
}

/** A number of the Gamma distribution (Marsaglia and Tsang 2000, with their section 6 for shapes below 1). */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = random.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}
