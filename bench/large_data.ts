/**
 * How long a data set of 100,000 linked images takes to open, how soon its first batch is there, and how much memory it holds while
 * batches are read. Needs nothing but the project:
 *
 *   npx tsx bench/large_data.ts [images, 100000] [seconds of batches, 60]
 */
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { trainBatches } from '../runtime/data/batches.js'
import { ImageSource, usualWorkers } from '../runtime/data/image_source.js'
import { openDataSet } from '../runtime/data/open.js'
import { silent } from '../runtime/reporter.js'

const images = Number(process.argv[2] ?? 100_000)
const seconds = Number(process.argv[3] ?? 60)
const classes = 200
const perFolder = Math.ceil(images / classes)

const root = mkdtempSync(join(tmpdir(), 'wsban-large-'))
try {
  const folders = join(root, 'folders')
  const rows = ['path,label']
  const original = join(root, 'image.jpg')
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  writeFileSync(
    original,
    await sharp({ create: { width: 500, height: 375, channels: 3, background: 'grey', noise } })
      .jpeg()
      .toBuffer(),
  )
  for (let label = 0; label < classes; label++) {
    const folder = join(folders, `class_${String(label).padStart(3, '0')}`)
    mkdirSync(folder, { recursive: true })
    for (let i = 0; i < perFolder && label * perFolder + i < images; i++) {
      // Both kinds of links: what people make on one disk, and across two.
      const path = join(folder, `${i}.jpg`)
      if (i % 2 === 0 && label < 100) linkSync(original, path)
      else symlinkSync(original, path)
      rows.push(`folders/class_${String(label).padStart(3, '0')}/${i}.jpg,class ${label}`)
    }
  }
  writeFileSync(join(root, 'labels.csv'), `${rows.join('\n')}\n`)

  for (const [kind, place] of [
    ['class folders', folders],
    ['list', join(root, 'labels.csv')],
  ] as const) {
    const before = process.memoryUsage.rss()
    const began = performance.now()
    const { splits } = await openDataSet(place, { seed: 1 })
    console.log(
      `${kind}: ${splits.train.length + splits.val.length} images opened in ${((performance.now() - began) / 1000).toFixed(2)} s, ${megabytes(process.memoryUsage.rss() - before)} more memory`,
    )
  }

  const { splits } = await openDataSet(folders, { seed: 1 })
  const source = new ImageSource({ reporter: silent, workers: usualWorkers() })
  const steps = [
    { name: 'random_resized_crop', arguments: { size: 224 } },
    { name: 'flip', arguments: {} },
  ]
  const start = performance.now()
  let count = 0
  let shown = 0
  for await (const { labels } of trainBatches(splits.train, {
    size: 224,
    steps,
    batch: 32,
    seed: 1,
    epoch: 0,
    images: source,
  })) {
    const passed = (performance.now() - start) / 1000
    if (count === 0) console.log(`first batch after ${passed.toFixed(2)} s`)
    count += labels.length
    if (passed >= shown) {
      console.log(
        `${passed.toFixed(0).padStart(4)} s: ${count} images, ${megabytes(process.memoryUsage.rss())} resident`,
      )
      shown += seconds / 6
    }
    if (passed > seconds) break
  }
  await source.close()
} finally {
  rmSync(root, { recursive: true, force: true })
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`
}
