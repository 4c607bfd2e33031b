import { basename, relative } from 'node:path'
import { elementAt } from '../../../grammar/present.js'
import type { DataSet, Sample } from '../../../runtime/data/dataset.js'
import { decodeSample } from '../../../runtime/data/sample_image.js'
import { cropImage, drawOverlay } from '../../../runtime/images/overlay.js'
import type { RgbImage } from '../../../runtime/images/rgb_image.js'
import { loadSharp } from '../../../runtime/images/sharp.js'
import { type Answer, argMax } from '../../../runtime/inference/answer.js'
import { intersectionOverUnion } from '../../../runtime/inference/localisation.js'
import type { ConfusedPair, Guess, ShownImage } from '../../../runtime/report/data.js'
import type { Answered } from '../answers.js'

/** The longer side of images, in pixels: of those with heatmap and crop, and of those in lists. */
const largeSide = 320
const smallSide = 200

/** Sequentially, since each image is decoded at its full size. */
export async function drawAnswers(chosen: readonly Answered[], data: DataSet): Promise<ShownImage[]> {
  const images: ShownImage[] = []
  for (const one of chosen) images.push(await draw(one, data))
  return images
}

export async function imagesOfPair(samples: readonly Sample[], { root }: DataSet): Promise<ConfusedPair['images']> {
  const images: { path: string; image: Uint8Array }[] = []
  for (const sample of samples)
    images.push({ path: pathBelow(root, sample.path), image: await jpegOf(await decodeSample(sample), smallSide) })
  return images
}

async function draw({ sample, answer, truth: { box: truth } }: Answered, data: DataSet): Promise<ShownImage> {
  const image = await decodeSample(sample)
  const { box, attention } = answer
  const place = box && { y1: box[0], x1: box[1], y2: box[2], x2: box[3] }
  const drawn =
    place &&
    attention &&
    (await drawOverlay(image, {
      attention: attention.values,
      h: attention.height,
      w: attention.width,
      view: attention.view,
      box: place,
      ...(truth && { truth }),
    }))
  return {
    path: pathBelow(data.root, sample.path),
    truth: elementAt(data.classes, sample.label),
    guesses: guessesOf(answer, data.classes),
    image: await jpegOf(image, largeSide),
    ...(drawn && { overlay: await jpegOf(drawn, largeSide) }),
    ...(place && { crop: await jpegOf(cropImage(image, place), largeSide) }),
    ...(box && truth && { overlap: intersectionOverUnion(box, [truth.y1, truth.x1, truth.y2, truth.x2]) }),
  }
}

/** The path relative to the root of the data set; only the file name if it is outside. */
function pathBelow(root: string, path: string): string {
  const below = relative(root, path).replaceAll('\\', '/')
  return below === '' || below.startsWith('../') || /^([a-z]:)?\//i.test(below) ? basename(path) : below
}

function guessesOf({ logits, probabilities }: Answer, classes: readonly string[]): Guess[] {
  const guess = (by: string, shares: Float32Array): Guess => {
    const best = argMax(shares)
    return { by, name: elementAt(classes, best), probability: elementAt(shares, best) }
  }
  return [
    ...Object.entries(logits).map(([branch, values]) => guess(branch, softmax(values))),
    guess('joint', probabilities),
  ]
}

function softmax(logits: Float32Array): Float32Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const powers = logits.map((value) => Math.exp(value - largest))
  const sum = powers.reduce((total, value) => total + value, 0)
  return powers.map((value) => value / sum)
}

async function jpegOf(image: RgbImage | Uint8Array, side: number): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const opened =
    image instanceof Uint8Array
      ? sharp(image)
      : sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
  return opened.resize(side, side, { fit: 'inside' }).jpeg({ quality: 80 }).toBuffer()
}
