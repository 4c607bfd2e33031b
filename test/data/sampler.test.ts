import { writeFileSync } from 'node:fs'
import test from 'ava'
import { type Batch, trainBatches } from '../../runtime/data/batches.js'
import { batchesInEpoch, epochOrder } from '../../runtime/data/epoch_order.js'
import { ImageSource } from '../../runtime/data/image_source.js'
import { openDataSet } from '../../runtime/data/open.js'
import { silent } from '../../runtime/reporter.js'
import { folder } from '../support/data_folders.js'

/** Returns samples with the given number of images of each class. */
const samplesOf = (...counts: readonly number[]) =>
  counts.flatMap((count, label) => Array.from({ length: count }, (_, k) => ({ path: `${label}/${k}`, label })))

function batchesOf(counts: readonly number[], classes: number, images: number, epoch = 0) {
  const samples = samplesOf(...counts)
  const batch = classes * images
  const order = epochOrder(samples, { seed: 1, epoch, batch, sampler: { classes, images } })
  const labels = order.map(({ index }) => samples[index]?.label)
  const batches = Array.from({ length: order.length / batch }, (_, k) => k * batch)
  return {
    order,
    batches: batches.map((start) => ({
      order: order.slice(start, start + batch),
      labels: labels.slice(start, start + batch),
    })),
    total: samples.length,
  }
}

for (const [counts, classes, images] of [
  [[20, 20, 20, 20], 2, 4],
  [[40, 3, 9, 1, 12], 3, 4],
  [[5, 5, 5], 3, 2],
  [[2, 1], 2, 4],
  [[7, 0, 8, 9], 3, 1],
] as const)
  test(`batches of ${classes} classes with ${images} images each, from classes of ${counts.join(', ')}`, (t) => {
    const { batches, total } = batchesOf(counts, classes, images)
    t.is(batches.length, batchesInEpoch(total, classes * images))
    for (const { order, labels } of batches) {
      t.is(new Set(labels).size, classes)
      for (let first = 0; first < labels.length; first += images) {
        const group = labels.slice(first, first + images)
        t.is(new Set(group).size, 1, 'a group is of one class')
        const own = new Set(order.slice(first, first + images).map(({ index }) => index))
        t.is(
          own.size,
          Math.min(images, counts[group[0] ?? 0] ?? 0),
          'an image comes twice only where the class has too few',
        )
      }
    }
  })

test('classes take turns, an image counts how often it came, and epochs differ', (t) => {
  const { order, batches } = batchesOf([30, 30, 30, 30, 6], 2, 3)
  const turns = batches.flatMap(({ labels }) => labels.filter((_, k) => k % 3 === 0))
  const counts = [0, 1, 2, 3, 4].map((label) => turns.filter((one) => one === label).length)
  t.true(Math.max(...counts) - Math.min(...counts) <= 1, counts.join())
  const seen = new Map<number, number>()
  for (const { index, earlier } of order) {
    t.is(earlier, seen.get(index) ?? 0)
    seen.set(index, earlier + 1)
  }
  t.true([...seen.values()].some((times) => times > 1))
  t.deepEqual(batchesOf([30, 30, 30, 30, 6], 2, 3).order, order)
  t.notDeepEqual(batchesOf([30, 30, 30, 30, 6], 2, 3, 1).order, order)
})

test('an epoch resumes after any batch, and an unreadable image leaves the other batches as they are', async (t) => {
  const counts = { a: 6, b: 2, c: 7 }
  const paths = Object.entries(counts).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, k) => `train/${name}/${k}.jpg`),
  )
  const path = folder(Object.fromEntries([...paths, 'val/a/0.jpg'].map((one) => [one, null])))
  const { splits } = await openDataSet(path, { seed: 1 })
  const steps = [
    { name: 'resize', arguments: { size: 8 } },
    { name: 'flip', arguments: { direction: 'horizontal' } },
  ]
  const source = new ImageSource({ reporter: silent, cacheBytes: 0, mostUnreadable: 0.1 })
  const options = { size: 8, steps, batch: 6, images: source, seed: 3, epoch: 1, sampler: { classes: 2, images: 3 } }
  const epoch = async (from = 0) => {
    const batches: Batch[] = []
    for await (const batch of trainBatches(splits.train, { ...options, from })) batches.push(batch)
    return batches
  }
  const first = await epoch()
  t.is(first.length, 2)
  t.deepEqual(await epoch(first[0]?.position), first.slice(1))
  t.deepEqual(await epoch(first[1]?.position), [])
  const broken = first[0]?.indices[1] ?? -1
  writeFileSync(splits.train[broken]?.path ?? '', 'no image')
  const second = await epoch()
  t.deepEqual(
    second.map(({ indices }) => [...indices]),
    first.map(({ indices }) => [...indices].filter((index) => index !== broken)),
  )
  t.deepEqual(
    second.map(({ position }) => position),
    [6, 12],
  )
})
