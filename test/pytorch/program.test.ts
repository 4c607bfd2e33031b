import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import type { ClassSampler } from '../../compiler/graph/graph.js'
import { keyOf, Random } from '../../compiler/random.js'
import { trainingSteps } from '../../compiler/training/training_steps.js'
import { trainBatches } from '../../runtime/data/batches.js'
import { writeSampleBirds } from '../../runtime/data/birds/index.js'
import { epochOrder } from '../../runtime/data/epoch_order.js'
import { annotationsOn, type GroundTruth } from '../../runtime/data/ground_truth.js'
import { ImageSource } from '../../runtime/data/image_source.js'
import { mixBatch } from '../../runtime/data/mixing.js'
import { openDataSet } from '../../runtime/data/open.js'
import { writeTarget } from '../../runtime/export/target.js'
import { loadModel } from '../../runtime/generated/load.js'
import { decodeImage } from '../../runtime/images/decode.js'
import { applySteps } from '../../runtime/images/preprocess.js'
import type { Box } from '../../runtime/images/rgb_image.js'
import { readySteps, stepNames } from '../../runtime/images/steps.js'
import { LocalisationCounter } from '../../runtime/inference/localisation.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { makeSchedule } from '../../runtime/training/schedules.js'
import { readSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { lacksModules, runPython, skipped } from '../support/python.js'

/** Compares the training programs in Python and TypeScript: random numbers, weights, images, order, learning rates, mixed batches. */
const seed = 7
const lacking = lacksModules('torch', 'safetensors', 'PIL')
const folder = mkdtempSync(join(tmpdir(), 'wsban-program-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const steps: readonly (readonly [name: string, given: Record<string, number | string | readonly number[]>])[] = [
  ['resize', { size: 40 }],
  ['resize', { size: 150 }],
  ['resize', { size: 40, interpolation: 'bicubic' }],
  ['resize', { size: 150, interpolation: 'bicubic' }],
  ['center_crop', { size: 60 }],
  ['random_crop', { size: 60 }],
  ['random_resized_crop', { size: 48, scale_min: 0.3 }],
  ['random_resized_crop', { size: 48, scale_min: 0.3, interpolation: 'bicubic' }],
  ['random_resized_crop', { size: 48, ratio_min: 3, ratio_max: 4, scale_min: 0.9 }],
  ['flip', { direction: 'horizontal', probability: 1 }],
  ['flip', { direction: 'vertical', probability: 0.5 }],
  ['rotate', { degrees: 30 }],
  ['brightness', { amount: 0.4 }],
  ['contrast', { low: 0.5, high: 1.5 }],
  ['saturation', { low: 0.2, high: 1.8 }],
  ['hue', { amount: 0.5 }],
  ['erasing', { probability: 1, fill: 0.25 }],
  ['rand_augment', { count: 1, magnitude: 20 }],
  ['rand_augment', { count: 14, magnitude: 9 }],
  ['normalize', { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] }],
]
const epochs = [0, 0.25, 1, 1.999, 2, 3.5, 4.9]
const schedules = [
  { name: 'constant', arguments: { warm_up: 1 } },
  { name: 'staircase', arguments: { factor: 0.9, every: 0.5, warm_up: 0 } },
  { name: 'step', arguments: { at: [1, 3], factor: 0.1, warm_up: 0 } },
  { name: 'cosine', arguments: { floor: 0.1, warm_up: 2 } },
]
const mixings = [
  { name: 'mixup', alpha: 0.2 },
  { name: 'cutmix', alpha: 1 },
]
const mixedLogits = [
  [0.5, -1, 2],
  [1, 0, -0.5],
  [-2, 0.3, 0.1],
  [0, 3, 1],
]
const classWeights = [0.5, 1.25, 3]
const smoothing = 0.1

/** The size of a stored image. */
const size = { width: 200, height: 120 }
const units = ['stored pixels', 'pixels', 'fractions'] as const
const truths = units.flatMap((unit) =>
  Array.from({ length: 8 }, (_, turn) => {
    const scale = unit === 'fractions' ? 1 : 100
    const inside = (y1: number, x1: number, y2: number, x2: number) => {
      return { y1: y1 * scale, x1: x1 * scale, y2: y2 * scale, x2: x2 * scale }
    }
    const points = [{ name: 'beak', y: 0.9 * scale, x: (0.1 + turn / 20) * scale }]
    const truth: GroundTruth = {
      unit,
      box: inside(0.2, 0.1, 0.8 + turn / 100, 0.7),
      part: inside(0.3, 0.5, 0.4, 0.6),
      points,
    }
    return { truth, orientation: turn + 1 }
  }),
)
const crops = truths.map((_, k): readonly [number, number, number, number] => [
  k / 40,
  0.05,
  0.6 + k / 100,
  0.5 + k / 60,
])

/** Each with every image of the list, or with every third one. */
const samplers: readonly (readonly [skip: number, sampler: ClassSampler])[] = [
  [1, { classes: 3, images: 4 }],
  [3, { classes: 8, images: 30 }],
  [50, { classes: 2, images: 3 }],
]

const numbers = z.array(z.number())
const sample = z.tuple([z.string(), z.number()])
const answers = z.object({
  keys: numbers,
  stream: numbers,
  schedules: z.array(numbers),
  mixed: z.array(z.tuple([numbers, z.array(numbers)])),
  weighted: z.array(z.number()),
  formats: z.array(z.number()),
  listings: z.array(z.tuple([z.array(z.string()), z.array(sample), z.array(sample)])),
  order: numbers,
  sampled: z.array(z.array(z.tuple([z.number(), z.number()]))),
  places: z.array(z.object({ box: numbers, part: numbers, points: z.array(numbers) })),
  localised: z.record(z.string(), z.record(z.string(), z.number())),
})

test('every image step has a Python function of its name', (t) => {
  const text = readFileSync(join(packageRoot(), 'runtime', 'pytorch', 'python', 'image_steps.py'), 'utf8')
  const functions = [...text.matchAll(/^def ([a-z]\w*)\(/gm)].map(([, name]) => name)
  t.deepEqual(functions.sort(), [...stepNames].sort())
  t.deepEqual([...new Set(steps.map(([name]) => name))].sort(), [...stepNames].sort(), 'and each is compared below')
})

test('random numbers, initial weights, images, order, learning rates and mixed batches are those of the other engines', async (t) => {
  if (skipped(t, lacking)) return
  const birds = join(folder, 'birds')
  await writeSampleBirds(birds, { seed, size: 'small' }, silent)
  // Without splits, and with nested folders: a fifth of each class is held out.
  const plain = join(folder, 'plain')
  for (const name of readdirSync(join(birds, 'train'))) {
    mkdirSync(join(plain, name, 'more'), { recursive: true })
    for (const [k, file] of readdirSync(join(birds, 'train', name)).entries())
      symlinkSync(join(birds, 'train', name, file), join(plain, name, ...(k % 3 === 0 ? ['more'] : []), file))
  }
  renameSync(join(plain, readdirSync(plain)[0] ?? ''), join(plain, 'é Ωmega'))
  // Numbered classes in one outer folder, and splits of other names.
  const numbered = join(folder, 'numbered')
  for (const [k, name] of readdirSync(join(birds, 'train')).entries())
    for (const [split, inner] of [
      ['train', 'Training_set/Training_set'],
      ['val', 'Valid'],
    ] as const) {
      mkdirSync(join(numbered, 'flowers', inner), { recursive: true })
      symlinkSync(join(birds, split, name), join(numbered, 'flowers', inner, `${k + 3}_${name}`))
    }
  const spec = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'), {}, ['class_weights=balanced'])
  const { graph } = spec
  if (!graph) throw new Error(JSON.stringify(spec.diagnostics))
  const code = join(folder, 'code')
  await writeTarget({ ...spec, graph }, { target: 'pytorch', out: code, seed })
  const data = await openDataSet(birds, { seed })
  const image = data.splits.train[11]?.path ?? ''

  const formats = join(packageRoot(), 'test', 'images', 'fixtures', 'formats')
  const bitmaps = readdirSync(formats)
    .filter((name) => name.endsWith('.bmp'))
    .map((name) => join(formats, name))
  const keys = [[seed, 'order', 3], ['ab', 'c'], ['a', 'bc'], [1], ['1'], [-0, 'é'], [0.5]]
  const random = (name: string) => !['resize', 'center_crop', 'normalize'].includes(name)
  const at = (name: string) => join(folder, `${name}.safetensors`)
  const task = {
    code,
    seed,
    keys,
    stream: 99,
    weights: at('weights'),
    image,
    steps: steps.map(([name, given], k) => [name, given, random(name) ? keyOf(seed, k) : null]),
    images: at('images'),
    epochs,
    schedules: schedules.map((schedule) => [schedule.name, schedule.arguments]),
    mixings: mixings.map(({ name, alpha }, k) => [[[name, alpha]], keyOf('mix', k)]),
    logits: mixedLogits,
    classWeights,
    smoothing,
    samplers: samplers.map(([skip, { classes, images }]) => [skip, [classes, images]]),
    formats: bitmaps,
    folders: [numbered, plain, birds],
    truths: truths.map(({ truth, orientation }) => [truth, [size.width, size.height], orientation]),
    crops,
    augmented: at('augmented'),
  }
  const script = join(packageRoot(), 'test', 'pytorch', 'run_program.py')
  const found = answers.parse(JSON.parse(runPython([script], JSON.stringify(task))))

  t.deepEqual(
    found.formats,
    bitmaps.map(() => 0),
  )
  t.deepEqual(
    found.keys,
    keys.map((parts) => keyOf(...parts)),
  )
  const stream = new Random(99)
  const three = (draw: () => number) => [draw(), draw(), draw()]
  const drawn = [
    ...three(() => stream.uint32()),
    ...three(() => stream.uniform(-1, 2)),
    ...three(() => stream.normal()),
    ...three(() => stream.integer(10)),
    ...stream.shuffle(Array.from({ length: 20 }, (_, k) => k)),
  ]
  t.true(far(found.stream, drawn) < 1e-12)

  const model = await loadModel(graph, spec.stored.entry)
  const { tensors } = await readSafetensors(at('weights'))
  t.deepEqual([...tensors.keys()].sort(), model.parameters.map(({ name }) => name).sort())
  for (const parameter of model.parameters) {
    const values = tensors.get(parameter.name)?.values ?? []
    t.true(far(values, initialValues(parameter, seed)) < 1e-6, parameter.name)
  }

  const images = (await readSafetensors(at('images'))).tensors
  const decoded = await decodeImage(image)
  for (const [k, [name, given]] of steps.entries()) {
    const ours = applySteps(decoded, readySteps([{ name, arguments: given }]), new Random(keyOf(seed, k)))
    const theirs = images.get(String(k))
    t.deepEqual(theirs?.shape, [ours.height, ours.width, 3], name)
    // The values range up to 255.
    t.true(far(theirs?.values ?? [], ours.data) < 2e-3, `${name}: ${far(theirs?.values ?? [], ours.data)}`)
  }

  for (const [k, schedule] of schedules.entries()) {
    const rate = makeSchedule(schedule)
    const ours = epochs.map((epoch) => rate(epoch, 5))
    t.true(far(found.schedules[k] ?? [], ours) < 1e-12, schedule.name)
  }

  for (const [k, { name, alpha }] of mixings.entries()) {
    // NHWC [4, 6, 6, 3] of the script's NCHW [4, 3, 6, 6].
    const at = (b: number, y: number, x: number, c: number) => ((b * 3 + c) * 6 + y) * 6 + x
    const images = Float32Array.from({ length: 432 }, (_, i) =>
      at(Math.floor(i / 108), Math.floor(i / 18) % 6, Math.floor(i / 3) % 6, i % 3),
    )
    const labels = Int32Array.of(0, 1, 2, 1)
    const mixed = mixBatch(
      { images: images, labels, size: 6 },
      [{ name, arguments: { alpha } }],
      new Random(keyOf('mix', k)),
    )
    const [theirs = [], shares = []] = found.mixed[k] ?? []
    t.true(far(theirs, images) < 1e-3, name)
    const ours = [...labels].map((label, b) =>
      [0, 1, 2].map((c) => (label === c ? mixed.share : 0) + (mixed.labels[b] === c ? 1 - mixed.share : 0)),
    )
    t.true(far(shares.flat(), ours.flat()) < 1e-6, `labels of ${name}`)
    const [own, other] = [weightedCrossEntropy(labels), weightedCrossEntropy(mixed.labels)]
    const loss = mixed.share * own + (1 - mixed.share) * other
    t.true(far([found.weighted[k] ?? Number.NaN], [loss]) < 1e-6, `loss of ${name} with class weights`)
  }

  for (const [k, root] of [numbered, plain, birds].entries()) {
    const own = await openDataSet(root, { seed })
    const entries = (split: 'train' | 'val') => own.splits[split].map(({ path, label }) => [resolve(path), label])
    const expected: unknown = [own.classes, entries('train'), entries('val')]
    t.deepEqual<unknown, unknown>(found.listings[k], expected)
  }

  const counter = new LocalisationCounter()
  for (const [k, { truth, orientation }] of truths.entries()) {
    const shown = orientation > 4 ? { width: size.height, height: size.width } : size
    const places = annotationsOn(truth, { ...shown, orientation })
    const flat = (box: Box | undefined) => (box ? [box.y1, box.x1, box.y2, box.x2] : [])
    const theirs = found.places[k]
    t.true(far(theirs?.box ?? [], flat(places?.box)) < 1e-12, `box ${k}`)
    t.true(far(theirs?.part ?? [], flat(places?.part)) < 1e-12, `part ${k}`)
    t.true(far(theirs?.points.flat() ?? [], places?.points?.flatMap(({ y, x }) => [y, x]) ?? []) < 1e-12, `points ${k}`)
    counter.add(crops[k] ?? [0, 0, 1, 1], places ?? {})
  }
  const { localisation, discriminativePart } = counter.result()
  for (const [kind, ours] of Object.entries({ localisation, discriminativePart })) {
    t.deepEqual(Object.keys(found.localised[kind] ?? {}), Object.keys(ours ?? {}))
    t.true(far(Object.values(found.localised[kind] ?? {}), Object.values(ours ?? {})) < 1e-12, kind)
  }

  for (const [k, [skip, sampler]] of samplers.entries()) {
    const some = data.splits.train.filter((_, index) => index % skip === 0)
    const order = epochOrder(some, { seed, epoch: 3, batch: sampler.classes * sampler.images, sampler })
    t.deepEqual(
      found.sampled[k],
      order.map(({ index, earlier }) => [index, earlier]),
    )
  }

  const batches = trainBatches(data.splits.train, {
    size: model.image.size,
    steps: trainingSteps(model),
    batch: 20,
    images: new ImageSource({ reporter: silent, cacheBytes: 0 }),
    seed,
    epoch: 3,
  })
  for await (const { indices, images: made } of batches) {
    t.deepEqual(found.order, [...indices])
    const augmented = (await readSafetensors(at('augmented'))).tensors.get('image')?.values ?? []
    const length = model.image.size ** 2 * 3
    t.true(far(augmented, made.subarray(5 * length, 6 * length)) < 1e-4)
    break
  }
})

/** The loss of `mixedLogits` by its definition: the sum of the weighted terms divided by the sum of the labels' weights. */
function weightedCrossEntropy(labels: ArrayLike<number>): number {
  let [terms, weights] = [0, 0]
  mixedLogits.forEach((row, b) => {
    const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0))
    row.forEach((value, c) => {
      const [weight = 0, isLabel] = [classWeights[c], labels[b] === c]
      terms -= ((isLabel ? 1 - smoothing : 0) + smoothing / row.length) * weight * (value - total)
      weights += isLabel ? weight : 0
    })
  })
  return terms / weights
}

function far(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  return Array.from(a).reduce((most, value, k) => Math.max(most, Math.abs(value - (b[k] ?? Number.NaN))), 0)
}
