import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { type Batch, evalBatches, trainBatches } from '../../runtime/data/batches.js'
import { ImageSource } from '../../runtime/data/image_source.js'
import { WorkerPool } from '../../runtime/data/worker_pool.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'
import { sharp } from '../support/sharp.js'

const root = mkdtempSync(join(tmpdir(), 'wsban-workers-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

const samples = Array.from({ length: 40 }, (_, i) => ({ path: join(root, `${i}.jpg`), label: i % 3 }))
const broken = 7
/** Large enough to be reduced while it is read. */
const large = 11
test.before(async () => {
  mkdirSync(root, { recursive: true })
  for (const [i, { path }] of samples.entries()) {
    const noise = { type: 'gaussian', mean: 100 + i, sigma: 40 } as const
    const image = sharp({
      create: {
        width: i === large ? 600 : 60 + i,
        height: i === large ? 400 : 50,
        channels: 3,
        background: 'grey',
        noise,
      },
    })
    writeFileSync(path, i === broken ? 'no image' : await image.jpeg().toBuffer())
  }
})

const steps = [
  { name: 'random_resized_crop', arguments: { size: 24 } },
  { name: 'flip', arguments: {} },
  { name: 'rotate', arguments: { degrees: 20 } },
  { name: 'brightness', arguments: { amount: 0.2 } },
  { name: 'saturation', arguments: { low: 0.5, high: 1.5 } },
  { name: 'normalize', arguments: { mean: 0.5, deviation: 0.5 } },
]

/** Two epochs of training and one evaluation, with one source of images. */
async function batches(workers: number, cacheBytes: number): Promise<Batch[]> {
  const images = new ImageSource({ reporter: silent, workers, cacheBytes })
  const common = { size: 24, batch: 6, images }
  const made: Batch[] = []
  for (const epoch of [0, 1])
    for await (const batch of trainBatches(samples, { ...common, steps, seed: 3, epoch })) made.push(batch)
  const still = [{ name: 'resize', arguments: { size: 24 } }]
  for await (const batch of evalBatches(samples, { ...common, steps: still })) made.push(batch)
  await images.close()
  return made
}

test('batches are bit for bit the same with 0, 1 and 2 workers, with and without a cache', async (t) => {
  const wanted = await batches(0, 0)
  t.is(wanted.length, 6 + 6 + 7)
  for (const [workers, cache] of [
    [0, 2 ** 20],
    [1, 0],
    [2, 2 ** 17],
  ] as const)
    t.deepEqual(await batches(workers, cache), wanted, `${workers} workers, ${cache} bytes`)
})

test('an image that cannot be read is warned of once, by name, whoever read it', async (t) => {
  const warnings: string[] = []
  const reporter = { ...silent, warn: (line: string) => warnings.push(line) }
  const images = new ImageSource({ reporter, workers: 2 })
  const common = { size: 24, batch: 6, images, steps, seed: 3 }
  for (const epoch of [0, 1])
    for await (const { indices } of trainBatches(samples, { ...common, epoch })) t.false(indices.includes(broken))
  await images.close()
  t.is(warnings.length, 1)
  t.regex(warnings[0] ?? '', /left out: cannot read the image .*7\.jpg: it is not one of/)
})

test('what a step throws in a worker is the same failure', async (t) => {
  const images = new ImageSource({ reporter: silent, workers: 1 })
  const large = [{ name: 'random_crop', arguments: { size: 300 } }]
  const read = async () => {
    for await (const _ of trainBatches(samples, { size: 300, batch: 2, images, steps: large, seed: 1, epoch: 0 }));
  }
  const failure = await t.throwsAsync(read, { instanceOf: Failure })
  t.is(failure?.problem.code, 'image-smaller-than-crop')
  t.truthy(failure?.problem.help)
  await images.close()
})

test('a worker that ends is an error for who waits and who comes later, and no hang', async (t) => {
  const fatal = "require('worker_threads').parentPort.on('message', () => process.exit(3))"
  const crew = new WorkerPool(1, 0, () => new Worker(fatal, { eval: true }))
  const job = { path: samples[0]?.path ?? '', steps, key: 1, size: 24 }
  for (const time of ['waiting', 'later']) {
    const failure = await t.throwsAsync(crew.prepare(job), { instanceOf: Failure }, time)
    t.is(failure?.problem.code, 'data-worker-lost')
    t.regex(failure?.message ?? '', /code 3/)
  }
  await crew.close()
})
