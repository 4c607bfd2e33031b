import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import * as z from 'zod'
import { boundedDensities, placesByDensity } from '../../compiler/ops/sampling/attention_sampler/density.js'
import { present } from '../../grammar/present.js'
import { openEngine } from '../../runtime/engines/index.js'
import { attentionSampler, trilinearAttention } from '../../runtime/operations/index.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'

const side = z.array(z.number())
const sides = z.tuple([side, side])
const sampling = z.object({ weights: sides, densities: sides, places: sides })

/** The record of record_tasn.py: what the authors' code computes from the features of a trained attention branch. */
const recorded = z
  .object({
    features: z.object({
      shape: z.tuple([z.number(), z.number(), z.number(), z.number()]),
      step: z.number(),
      data: z.string(),
    }),
    answers: z.array(
      z.object({
        maps: z.record(z.string(), side),
        structure: sampling,
        detail: sampling.extend({ channel: z.number() }),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'test', 'models', 'recorded_tasn.json'), 'utf8')))

const image = 128
const sampled = 96

test.before(async () => {
  await openEngine(undefined, silent)
})

test.serial('trilinear attention computes the maps of the authors', (t) => {
  const maps = mapsOf()
  recorded.answers.forEach((answer, b) => {
    for (const [channel, expected] of Object.entries(answer.maps)) {
      const found = tf.tidy(() => mapOf(maps, b, Number(channel)).dataSync())
      // Seven digits are recorded; the engine computes in single precision.
      t.true(
        farthest(found, expected) <= 2e-5 * Math.max(...expected),
        `map ${channel} of image ${b}: ${farthest(found, expected)}`,
      )
    }
  })
})

test('densities are bounded as the authors do', (t) => {
  for (const { weights, densities } of recorded.answers.flatMap((answer) => [answer.structure, answer.detail]))
    boundedDensities(...weights, 4, 'balanced').forEach((found, axis) => {
      const expected = present(densities[axis], 'a side')
      t.true(farthest(found, expected) <= 2e-5, `${axis}: ${farthest(found, expected)}`)
    })
})

test('of the same density, places are those of the authors to 3 of 96 pixels', (t) => {
  for (const { densities, places } of recorded.answers.flatMap((answer) => [answer.structure, answer.detail]))
    densities.forEach((density, axis) => {
      checkPlaces(t, density, present(places[axis], 'a side'), 3)
    })
})

// Their enlargement aligns the corners of both grids, which moves the border of the map by half a cell, 5 pixels of the image.
test.serial('from the features on, places are those of the authors to 6 of 96 pixels', (t) => {
  const maps = mapsOf()
  recorded.answers.forEach(({ structure, detail }, b) => {
    const mean: tf.Tensor2D = tf.mean(tf.squeeze(tf.slice(maps, [b, 0, 0, 0], [1, -1, -1, -1]), [0]), 2)
    const guides = [
      { guide: tf.square(enlarged(mean)), expected: structure },
      { guide: enlarged(mapOf(maps, b, detail.channel)), expected: detail },
    ]
    for (const { guide, expected } of guides) {
      const densities = boundedDensities(
        [...tf.max(guide, 1).dataSync()],
        [...tf.max(guide, 0).dataSync()],
        4,
        'balanced',
      )
      const grid = tf.stack(tf.meshgrid(tf.range(0, image), tf.range(0, image)), 2)
      const seen = attentionSampler(tf.expandDims(grid, 0), tf.expandDims(guide, 0), [sampled, sampled])
      densities.forEach((density, axis) => {
        checkPlaces(t, density, present(expected.places[axis], 'a side'), 6)
        // The sampled image of coordinates is where it was sampled.
        const line: tf.Tensor4D = tf.slice(seen, [0, 0, 0, 1 - axis], axis === 0 ? [1, -1, 1, 1] : [1, 1, -1, 1])
        const places = placesByDensity(density, sampled).map((place) =>
          Math.min(image - 1, Math.max(0, place * image - 0.5)),
        )
        t.true(farthest(line.dataSync(), places) <= 1e-3)
      })
    }
  })
})

/**
 * Checks where a sampler looks, in pixels of its result: the cumulative density at the authors' place of output i is i, up to the
 * tolerance. They sample at the start of a step and not in its middle, and count the first cell as 1 whatever its density. The first
 * three places of theirs are outside the image, or depend on what lies before an array.
 */
function checkPlaces(t: ExecutionContext, density: readonly number[], expected: readonly number[], tolerance: number) {
  expected.forEach((place, i) => {
    if (i < 3) return
    const edge = place + 0.5
    const cells = density.reduce((sum, value, cell) => sum + value * Math.min(1, Math.max(0, edge - cell)), 0)
    const away = (cells * sampled) / density.length - (i + 0.5)
    t.true(Math.abs(away) <= tolerance, `output ${i} at ${place}: ${away}`)
  })
}

/** A map enlarged to the size of the image, as `resize` does. */
function enlarged(map: tf.Tensor2D): tf.Tensor2D {
  const [height, width] = map.shape
  const maps = tf.reshape(map, [1, height, width, 1])
  return tf.reshape(tf.image.resizeBilinear(maps as tf.Tensor4D, [image, image], false, true), [image, image])
}

function mapsOf(): tf.Tensor4D {
  const { shape, step, data } = recorded.features
  return tf.tidy(() => {
    const stored = Float32Array.from(Buffer.from(data, 'base64'), (value) => value * step)
    return trilinearAttention(tf.transpose(tf.tensor4d(stored, shape), [0, 2, 3, 1]))
  })
}

function mapOf(maps: tf.Tensor4D, b: number, channel: number): tf.Tensor2D {
  return tf.squeeze(tf.slice(maps, [b, 0, 0, channel], [1, -1, -1, 1]), [0, 3])
}

function farthest(found: ArrayLike<number>, expected: readonly number[]): number {
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs((found[i] ?? Number.NaN) - value)), 0)
}
