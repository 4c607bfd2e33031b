import { elementAt, present } from '../../grammar/present.js'
import type { RgbImage } from '../images/rgb_image.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import type { Answer, Predictor } from './answer.js'
import { judged } from './calibrate.js'

/**
 * Test-time augmentation by mirroring: predictions are the mean over the image and its mirror image (Simonyan and Zisserman 2014,
 * section 3.2). Box, attention and logits remain those of the image itself.
 */
export function withFlip(predictor: Predictor): Predictor {
  const { classes, signature, labelNames, calibration } = predictor
  return {
    classes,
    signature,
    labelNames,
    ...(calibration && { calibration }),
    close: () => predictor.close(),
    async predict(images) {
      const answers = await predictor.predict(images)
      const mirrored = await predictor.predict(images.map(mirror))
      return answers.map((answer, index) => averaged(answer, mirrored[index], calibration))
    },
  }
}

function averaged(answer: Answer, other: Answer | undefined, calibration: AnswerCalibration | undefined): Answer {
  if (!other) throw new Error('no answer for a mirrored image')
  const probabilities = meanRow(answer.probabilities, other.probabilities)
  const predictions =
    answer.predictions &&
    Object.fromEntries(
      Object.entries(answer.predictions).map(([name, row]) => [
        name,
        meanRow(row, present(other.predictions?.[name], `the prediction ${name} of a mirrored image`)),
      ]),
    )
  const both = { ...answer, ...(predictions && { predictions }) }
  return calibration ? judged(both, probabilities, calibration) : { ...both, probabilities }
}

function meanRow(row: Float32Array, other: Float32Array): Float32Array {
  return row.map((value, index) => (value + elementAt(other, index)) / 2)
}

function mirror({ width, height, data }: RgbImage): RgbImage {
  const mirrored = new Uint8Array(data.length)
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * 3
      mirrored.set(data.subarray(from, from + 3), (row * width + width - 1 - column) * 3)
    }
  return { width, height, data: mirrored }
}
