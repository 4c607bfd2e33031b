import * as tf from '@tensorflow/tfjs-core'
import { boxOfMap, cellsOf } from '../../compiler/ops/sampling/crop_sampler/components.js'
import type { Scope } from '../scope.js'
import { type Places, sampleAt } from './sampling.js'
import { type Range, shareOf } from './threshold.js'

export interface CropSamplerOptions {
  readonly threshold?: number | Range
  readonly region?: string
  readonly margin?: number
  readonly resolution?: string
}

/**
 * Crops each image [batch, H, W, 3] to the region of large values of its map [batch, h, w], and resizes it to H x W. The boxes [batch, 4] are
 * computed on the host, from a few hundred numbers per image; no gradient passes through them.
 */
export function cropSampler(
  image: tf.Tensor4D,
  guide: tf.Tensor3D,
  at: Scope,
  options: CropSamplerOptions = {},
): { image: tf.Tensor4D; box: tf.Tensor2D } {
  const { threshold = 0.2, region = 'largest', margin = 0.05, resolution = 'x2' } = options
  const [batch, height, width] = guide.shape
  const maps = guide.dataSync()
  const random = at.random()
  const cells = cellsOf(resolution, image.shape.slice(1, 3), [height, width])
  const boxes = new Float32Array(batch * 4)
  for (let b = 0; b < batch; b++) {
    const map = maps.subarray(b * height * width, (b + 1) * height * width)
    const cut = shareOf(threshold, at.training, random)
    boxes.set(
      boxOfMap(map, height, width, { threshold: cut, region: region === 'all' ? 'all' : 'largest', margin, cells }),
      b * 4,
    )
  }
  const [, imageHeight, imageWidth] = image.shape
  return {
    image: sampleAt(image, places(boxes, 0, imageHeight), places(boxes, 1, imageWidth)),
    box: tf.tensor2d(boxes, [batch, 4]),
  }
}

/** Aligned corners, as TensorFlow's cropAndResize: y = y1 (H - 1) + i (y2 - y1) (H - 1) / (h - 1); a side of one pixel samples the centre. */
function places(boxes: Float32Array, side: 0 | 1, length: number): Places {
  const centres = Float64Array.from({ length: (boxes.length / 4) * length }, (_, index) => {
    const b = Math.floor(index / length) * 4
    const [from, to] = [boxes[b + side] as number, boxes[b + side + 2] as number]
    const share = length > 1 ? (index % length) / (length - 1) : 0.5
    return (from + share * (to - from)) * (length - 1)
  })
  return { count: length, centres }
}
