import test from 'ava'
import { keyOf, Random } from '../../compiler/random.js'
import { mixBatch, type Stack } from '../../runtime/data/mixing.js'

const size = 12
const count = 6
const length = size * size * 3

/** The values of image i are 100 i plus the position as decimals, so that every value identifies its origin. */
function stack(): Stack {
  const images = Float32Array.from(
    { length: count * length },
    (_, at) => 100 * Math.floor(at / length) + (at % length) / 10,
  )
  return { images, labels: Int32Array.from({ length: count }, (_, i) => i), size }
}
const mix = (name: string, alpha: number, seed: number) => {
  const mixed = stack()
  return { mixed, ...mixBatch(mixed, [{ name, arguments: { alpha } }], new Random(keyOf(seed, name))) }
}

test('mixup is the weighted sum of two images, and says which', (t) => {
  const { images: own } = stack()
  for (let seed = 0; seed < 20; seed++) {
    const { mixed, labels, share } = mix('mixup', 1, seed)
    t.true(share >= 0 && share <= 1)
    t.deepEqual([...labels].sort(), [...mixed.labels])
    for (let at = 0; at < own.length; at++) {
      const other = own[(labels[Math.floor(at / length)] ?? 0) * length + (at % length)] ?? 0
      const wanted = share * (own[at] ?? 0) + (1 - share) * other
      if (Math.abs((mixed.images[at] ?? 0) - wanted) > 1e-4) t.fail(`at ${at}`)
    }
  }
})

test('cutmix takes one rectangle from the other image, of the share it says', (t) => {
  const { images: own } = stack()
  const shares = new Set<number>()
  for (let seed = 0; seed < 40; seed++) {
    const { mixed, labels, share } = mix('cutmix', 1, seed)
    shares.add(share)
    const places = new Set<number>()
    for (let at = 0; at < own.length; at++) {
      const image = Math.floor(at / length)
      const other = (labels[image] ?? 0) * length + (at % length)
      if (labels[image] === image) continue
      if (mixed.images[at] === own[other]) places.add(Math.floor((at % length) / 3))
      else t.is(mixed.images[at], own[at])
    }
    const xs = [...places].map((place) => place % size)
    const ys = [...places].map((place) => Math.floor(place / size))
    const area =
      places.size === 0 ? 0 : (Math.max(...xs) - Math.min(...xs) + 1) * (Math.max(...ys) - Math.min(...ys) + 1)
    t.is(places.size, area)
    t.true(Math.abs(share - (1 - area / size ** 2)) < 1e-9)
  }
  t.true(shares.size > 10)
})

test('shares are of Beta(alpha, alpha): mean 1/2, variance 1 / (4 (2 alpha + 1)), within 5 standard errors', (t) => {
  const draws = 4000
  for (const alpha of [0.2, 0.4, 1, 3]) {
    const tiny = (seed: number) => {
      const one: Stack = { images: new Float32Array(3), labels: Int32Array.of(0), size: 1 }
      return mixBatch(one, [{ name: 'mixup', arguments: { alpha } }], new Random(keyOf(seed, alpha))).share
    }
    const shares = Array.from({ length: draws }, (_, seed) => tiny(seed))
    const mean = shares.reduce((sum, share) => sum + share, 0) / draws
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / draws
    const wanted = 1 / (4 * (2 * alpha + 1))
    t.true(Math.abs(mean - 0.5) < 5 * Math.sqrt(wanted / draws), `alpha ${alpha}: mean ${mean}`)
    // The variance of a variance is at most (fourth moment) / n; here the fourth central moment is at most 1/16.
    t.true(Math.abs(variance - wanted) < 5 * Math.sqrt(1 / 16 / draws), `alpha ${alpha}: variance ${variance}`)
  }
})

test('the same seed mixes the same; of two settings both come', (t) => {
  t.deepEqual(mix('cutmix', 1, 3), mix('cutmix', 1, 3))
  const both = [
    { name: 'mixup', arguments: { alpha: 1 } },
    { name: 'cutmix', arguments: { alpha: 1 } },
  ]
  const whole = Array.from({ length: 30 }, (_, seed) => {
    const mixed = stack()
    mixBatch(mixed, both, new Random(keyOf(seed)))
    // Whole numbers of images' own values: pasted, not summed.
    const { images: own } = stack()
    return mixed.images.every((value, at) =>
      own.some((other, from) => from % length === at % length && other === value),
    )
  })
  t.true(whole.includes(true) && whole.includes(false))
})
