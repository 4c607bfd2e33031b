import type { DataSet } from '../data/dataset.js'
import { decodeSample } from '../data/sample_image.js'
import { Failure } from '../failure.js'

/** The facts that a proposal is based on. */
export interface DataSummary {
  readonly classes: number
  /** Images to train on. */
  readonly train: number
  /** The median shorter side of the sampled images, in pixels. */
  readonly shorterSide: number
  /** The smallest and largest number of training images of a class. */
  readonly smallest: number
  readonly largest: number
}

/** The number of images that are opened: enough for a median, in about a second. */
const lookedAt = 40

/** Opens some of the training images, spread over the classes; unreadable ones are skipped. @throws Failure `no-images` */
export async function summarizeData({ classes, splits: { train } }: DataSet, folder: string): Promise<DataSummary> {
  const step = Math.max(1, train.length / lookedAt)
  const sides: number[] = []
  for (let at = 0; at < train.length; at += step) {
    const sample = train[Math.floor(at)]
    if (!sample) continue
    try {
      const { width, height } = await decodeSample(sample)
      sides.push(Math.min(width, height))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  }
  const middle = sides.sort((a, b) => a - b)[Math.floor(sides.length / 2)]
  if (middle === undefined)
    throw new Failure({
      code: 'no-images',
      message: `${folder} has no image to train on that can be read`,
      help: `wsban data inspect ${folder} says what is wrong with them`,
      path: folder,
    })
  const counts = classes.map((_, label) => train.filter((sample) => sample.label === label).length)
  return {
    classes: classes.length,
    train: train.length,
    shorterSide: middle,
    smallest: Math.min(...counts),
    largest: Math.max(...counts),
  }
}
