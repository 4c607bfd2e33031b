import * as tf from '@tensorflow/tfjs-core'
import { boxOfMap } from '../../compiler/ops/support/components.js'
import type { Scope } from '../scope.js'

/** A number drawn for each image in training; its middle otherwise. */
export interface Range {
  readonly low: number
  readonly high: number
}

export interface CropSamplerOptions {
  readonly threshold?: number | Range
  readonly region?: string
  readonly margin?: number
}

/**
 * Cuts out of each image [batch, H, W, 3] what its map [batch, h, w] points at, enlarged to H x W.
 * The boxes [batch, 4] are found on the host, from a few hundred numbers an image; no gradient passes through them.
 */
export function cropSampler(
  image: tf.Tensor4D,
  guide: tf.Tensor3D,
  at: Scope,
  options: CropSamplerOptions = {},
): { image: tf.Tensor4D; box: tf.Tensor2D } {
  const { threshold = 0.2, region = 'largest', margin = 0.05 } = options
  const [batch, height, width] = guide.shape
  const maps = guide.dataSync()
  const random = at.random()
  const boxes = new Float32Array(batch * 4)
  for (let b = 0; b < batch; b++) {
    const map = maps.subarray(b * height * width, (b + 1) * height * width)
    const cut =
      typeof threshold === 'number'
        ? threshold
        : at.training
          ? random.uniform(threshold.low, threshold.high)
          : (threshold.low + threshold.high) / 2
    boxes.set(boxOfMap(map, height, width, cut, region === 'all' ? 'all' : 'largest', margin), b * 4)
  }
  const box = tf.tensor2d(boxes, [batch, 4])
  const each = tf.tensor1d(
    Int32Array.from({ length: batch }, (_, b) => b),
    'int32',
  )
  return { image: tf.image.cropAndResize(image, box, each, [image.shape[1], image.shape[2]]), box }
}
