/**
 * How long training waits for a batch, with a stand-in for the step that keeps the main thread busy. Batches of 16 at 224 pixels, augmented as
 * models/wsban_lite.wsban says; the first batch, which waits for the threads to start, is reported separately. Needs a folder of images:
 *
 *   npx tsx bench/waiting.ts DIR [seconds a step, 1] [batches, 12]
 */
import { trainBatches } from '../runtime/data/batches.js'
import { ImageSource } from '../runtime/data/image_source.js'
import { openDataSet } from '../runtime/data/open.js'
import { silent } from '../runtime/reporter.js'

const [, , place = '../shared/data/flowers17', seconds = '1', batches = '12'] = process.argv
const { splits } = await openDataSet(place, { seed: 1 })
const size = 224
const steps = [
  { name: 'random_resized_crop', arguments: { size, scale_min: 0.5 } },
  { name: 'flip', arguments: {} },
  { name: 'normalize', arguments: { mean: 0.5, deviation: 0.5 } },
]

for (const workers of [0, 1, 2]) {
  const images = new ImageSource({ reporter: silent, workers })
  const waits: number[] = []
  let asked = performance.now()
  for await (const _ of trainBatches(splits.train, { size, steps, batch: 16, seed: 1, epoch: 0, images })) {
    waits.push(performance.now() - asked)
    if (waits.length > Number(batches)) break
    busy(Number(seconds) * 1000)
    // As the training loop does after a step.
    await new Promise((resolve) => setImmediate(resolve))
    asked = performance.now()
  }
  await images.close()
  const [first = 0, ...rest] = waits
  const mean = rest.reduce((sum, wait) => sum + wait, 0) / rest.length
  const share = mean / (mean + Number(seconds) * 1000)
  console.log(
    `${workers} workers: ${mean.toFixed(0)} ms a batch, ${(share * 100).toFixed(1)} % of the time (the first batch: ${first.toFixed(0)} ms)`,
  )
}

function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}
