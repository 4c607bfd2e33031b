import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { cacheRoot } from '../../runtime/cache_root.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { json, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban feature cache '))
const data = join(folder, 'shapes')
const spec = join(folder, 'frozen.wsban')
const wsban = wsbanIn(folder)
const cache = join(folder, 'cache')
const features = join(cache, 'features')

/** Two frozen trunks: from the third epoch on a part of the first and all of the second are trained. The image is needed for the crop. */
const model = (augment = '') => `import tiny from "backbones/tiny"

model frozen(classes = 2, size = 48) {
  input image: Image[3, size, size] { resize(size), normalize }
  input label: Class[classes]

  branch master(image) {
    trunk     = tiny(image)
    attention = relu(conv2d(trunk.layer3, 4, 1))
    parts     = bap(trunk.layer3, attention, pool = mean)
    logits    = parts -> flatten -> dropout(20%) -> linear(classes)
  }
  crop = crop_sampler(image, guide = mean(master.attention), threshold = 20%)
  branch part = master(crop)
  branch plain(image) {
    trunk  = tiny(image)
    logits = trunk.layer3 -> global_avg_pool -> dropout(20%) -> linear(classes)
  }

  loss {
    master = cross_entropy(master.logits, label)
    part   = cross_entropy(part.logits, label)
    plain  = cross_entropy(plain.logits, label)
  }
  predict probabilities = mean(softmax(master.logits), softmax(part.logits), softmax(plain.logits))
  train {
    epochs = 4, batch = 3
    first  = group(master.trunk, frozen = all)
    late   = group(master.trunk.layer3, frozen = 2 epochs)
    second = group(plain.trunk, frozen = 2 epochs)
    ${augment}
  }
}
`

/** A trunk that the images are needed for once. */
const plain = `import tiny from "backbones/tiny"

model plain(classes = 2, size = 48) {
  input image: Image[3, size, size] { resize(size), normalize }
  input label: Class[classes]

  branch whole(image) {
    trunk  = tiny(image)
    logits = trunk.layer3 -> global_avg_pool -> dropout(20%) -> linear(classes)
  }

  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
  train { epochs = 3, batch = 3, trunk = group(whole.trunk, frozen = all) }
}
`

test.before(async () => {
  await drawShapes(data)
  writeFileSync(spec, model())
  writeFileSync(join(folder, 'plain.wsban'), plain)
  // Uses the machine's engine, and a separate folder for features.
  mkdirSync(cache)
  if (existsSync(join(cacheRoot(), 'engines'))) symlinkSync(join(cacheRoot(), 'engines'), join(cache, 'engines'))
  process.env.WSBAN_CACHE = cache
})

test.after.always(() => {
  rmSync(folder, { recursive: true, force: true })
})

function train(name: string, ...args: readonly string[]) {
  return wsban('train', spec, '--data', data, '-o', join(folder, name), '--seed', '5', ...args)
}

/** The weights of a run and its log, without durations. */
async function outcome(name: string) {
  const run = await RunFolder.open(join(folder, name))
  const { tensors } = await run.readCheckpoint('last')
  const log = (await run.log.read()).map(
    ({ secondsPerStep: _1, waitingForData: _2, memory: _3, tensors: _4, ...line }) => line,
  )
  return { tensors, log }
}

const counts = (result: ReturnType<typeof train>) =>
  z.object({ computed: z.number(), found: z.number() }).parse(json(result).features)

const withCache = ['--train', 'cache=features', '--json']

function featureFiles(): string[] {
  return readdirSync(features, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.features'))
    .map((name) => join(features, name))
}

test.serial('features are kept, and no number of training changes', async (t) => {
  const without = train('without')
  t.is(without.status, 0, without.err)
  const first = train('with', ...withCache)
  t.is(first.status, 0, first.err)
  t.deepEqual(await outcome('with'), await outcome('without'))
  // 15 of 16 images an epoch and 6 to validate: two epochs with both trunks, two with a part of the first.
  const { computed, found } = counts(first)
  t.is(computed + found, 4 * 21)
  t.true(computed <= 2 * 22, `${computed}`)
  t.true(featureFiles().length > 0)
  const again = train('again', ...withCache)
  t.is(counts(again).computed < computed, true)
  t.deepEqual(await outcome('again'), await outcome('without'))
})

test.serial('damaged files, and files that are no features, count as absent', async (t) => {
  const files = featureFiles()
  for (const [index, file] of files.entries()) {
    if (index % 3 === 0) truncateSync(file, 900)
    else if (index % 3 === 1) writeFileSync(file, 'nothing of the kind')
    else {
      const bytes = readFileSync(file)
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff
      writeFileSync(file, bytes)
    }
  }
  const damaged = train('damaged', ...withCache)
  t.is(damaged.status, 0, damaged.err)
  t.deepEqual(await outcome('damaged'), await outcome('without'))
})

test.serial('images that changed, and other weights, are computed anew', async (t) => {
  const own = join(folder, 'own shapes')
  cpSync(data, own, { recursive: true })
  const [shape = ''] = readdirSync(join(own, 'train'))
  const [one = '', other = ''] = readdirSync(join(own, 'train', shape))
  cpSync(join(own, 'train', shape, one), join(own, 'train', shape, other))
  const args = ['--data', own, '--train', 'batch=4', '--epochs', '1']
  const changed = train('changed', ...args, ...withCache)
  t.is(changed.status, 0, changed.err)
  t.is(train('changed without', ...args).status, 0)
  t.deepEqual(await outcome('changed'), await outcome('changed without'))
  const seeded = train('seeded', '--seed', '6', '--epochs', '1', ...withCache)
  t.is(counts(seeded).found, 0)
})

test.serial('a part whose images are needed no more, on a disk that keeps nothing, resumes', async (t) => {
  const args = ['train', join(folder, 'plain.wsban'), '--data', data, '--seed', '5']
  t.is(wsban(...args, '-o', join(folder, 'plain without')).status, 0)
  const before = featureFiles().length
  const first = wsban(...args, '-o', join(folder, 'plain'), '--epochs', '1', '--cache-disk', '0', ...withCache)
  t.is(first.status, 0, first.err)
  t.is(featureFiles().length, before)
  // Nothing is left in memory: features are computed again, of other images together.
  const resumed = wsban('train', '--resume', '-o', join(folder, 'plain'), '--epochs', '3', '--cache-memory', '0')
  t.is(resumed.status, 0, resumed.err)
  const [found, expected] = [await outcome('plain'), await outcome('plain without')]
  t.deepEqual(found.tensors, expected.tensors)
  t.deepEqual(found.log, expected.log)
})

test.serial('a full disk is reported once, and training continues', async (t) => {
  rmSync(features, { recursive: true })
  const result = train('full', ...withCache, '--cache-disk', '0.00005')
  t.is(result.status, 0, result.err)
  t.is(result.err.split('has reached its size on disk').length, 2 + 1)
  t.deepEqual(await outcome('full'), await outcome('without'))
})

test.serial('augmentations take turns', async (t) => {
  const turns = model('augment image { random_resized_crop(size), flip }')
  writeFileSync(spec, turns)
  const result = train(
    'turns',
    '--train',
    'cache=features(views=2, precision=half)',
    '--json',
    '--train',
    'late.frozen=all',
    '--train',
    'second.frozen=all',
  )
  t.is(result.status, 0, result.err)
  const { computed, found } = counts(result)
  t.is(computed + found, 4 * 21)
  // Each of 16 images twice, and 6 to validate.
  t.true(computed <= 2 * 16 + 6 && computed >= 2 * 14 + 6, `${computed}`)
})
