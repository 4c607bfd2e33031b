import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { keyOf, Random } from '../../compiler/random.js'
import { settings } from '../../compiler/training/settings.js'
import { present } from '../../grammar/present.js'
import { Failure } from '../../runtime/failure.js'
import { crop, erase, randomResizedCrop, turn } from '../../runtime/images/changes.js'
import { brighten, contrast, saturate, turnHue } from '../../runtime/images/colours.js'
import { augment, preprocess } from '../../runtime/images/preprocess.js'
import { transforms } from '../../runtime/images/rand_augment.js'
import { resizeImage } from '../../runtime/images/resize.js'
import type { AnyImage } from '../../runtime/images/rgb_image.js'
import { stepNames } from '../../runtime/images/steps.js'
import { packageRoot } from '../../runtime/package_root.js'

const numbers = z.array(z.number())
const cases = <T extends z.ZodType>(by: T) => z.array(z.object({ by, values: numbers }))
const box = z.tuple([z.number(), z.number(), z.number(), z.number()])
const recorded = z
  .object({
    width: z.number(),
    height: z.number(),
    image: numbers,
    cases: z.object({
      contrast: cases(z.number()),
      saturation: cases(z.number()),
      hue: cases(z.number()),
      brightness: cases(z.number()),
      rotate: cases(z.number()),
      flip: cases(z.enum(['horizontal', 'vertical'])),
      crop: cases(box),
      resized_crop: cases(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()])),
      erasing: cases(box),
      equalize: cases(z.number()),
      rand_augment: cases(z.tuple([z.string(), z.number()])),
    }),
  })
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'test/images/fixtures/augment.json'), 'utf8')))
const image: AnyImage = { ...recorded, data: Uint8Array.from(recorded.image) }

/** Returns the largest difference, for values from 0 to 255. */
function difference(found: ArrayLike<number>, wanted: readonly number[]): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - (found[i] ?? Number.NaN))), 0)
}

// torchvision's luma is rounded to four digits (0.2989), ours is BT.601's 0.299: 0.03 of 255, and half of that where it is scaled.
const changes: Readonly<
  Record<
    'contrast' | 'saturation' | 'hue' | 'brightness' | 'rotate',
    readonly [change: (image: AnyImage, by: number) => AnyImage, tolerance: number]
  >
> = {
  contrast: [contrast, 0.05],
  saturation: [saturate, 0.05],
  hue: [turnHue, 0.002],
  brightness: [brighten, 0.002],
  // Its grid of sampling points is in float32.
  rotate: [turn, 0.02],
}
for (const [name, [change, tolerance]] of Object.entries(changes))
  test(`${name} is torchvision's, within ${tolerance} of 255`, (t) => {
    const list = recorded.cases[z.enum(['contrast', 'saturation', 'hue', 'brightness', 'rotate']).parse(name)]
    t.true(list.length > 1)
    for (const { by, values } of list) {
      const most = difference(change(image, by).data, values)
      t.true(most <= tolerance, `by ${by}: ${most}`)
    }
  })

test("crop, resized crop and flip are torchvision's, within 0.001 of 255", (t) => {
  for (const {
    by: [top, left, height, width],
    values,
  } of recorded.cases.crop)
    t.is(difference(crop(image, left, top, width, height).data, values), 0)
  for (const {
    by: [top, left, height, width, size],
    values,
  } of recorded.cases.resized_crop)
    t.true(difference(resizeImage(crop(image, left, top, width, height), size, size), values) < 0.001)
  for (const { by, values } of recorded.cases.flip)
    t.is(difference(run('flip', { direction: by, probability: 1 }, 1), values), 0)
})

// Theirs are whole values, rounded down, as is the grey or blurred image that they blend with.
test("the transforms of RandAugment are torchvision's, within 2 of 255", (t) => {
  const seen = new Set<string>()
  for (const {
    by: [name, strength],
    values,
  } of recorded.cases.rand_augment) {
    seen.add(name)
    const most = difference(present(transforms[name], name).apply(image, strength, 127).data, values)
    t.true(most < 2, `${name} by ${strength}: ${most}`)
  }
  t.deepEqual([...seen].sort(), Object.keys(transforms).sort())
  for (const { by: side, values } of recorded.cases.equalize) {
    const data = Uint8Array.from({ length: side * side * 3 }, (_, at) => {
      const [x, y, c] = [Math.floor(at / 3) % side, Math.floor(at / 3 / side), at % 3]
      return (3 * x * x + 5 * y * (c + 1) + x * y) % 200
    })
    const equalized = present(transforms.Equalize, 'Equalize').apply({ width: side, height: side, data }, 0, 0)
    t.is(difference(equalized.data, values), 0)
    t.true(difference(data, values) > 0)
  }
})

test('erasing fills what torchvision fills', (t) => {
  for (const {
    by: [top, left, height, width],
    values,
  } of recorded.cases.erasing) {
    // The stream that draws this very rectangle.
    const drawn = [0, 0, 0, (left + 0.5) / (image.width - width + 1), (top + 0.5) / (image.height - height + 1)]
    const stream = new Random(0)
    stream.uint32 = () => Math.floor((drawn.shift() ?? 0) * 2 ** 32)
    const share = (width * height) / (image.width * image.height)
    const shape = { scaleMin: share, scaleMax: share, ratioMin: width / height, ratioMax: width / height }
    t.is(difference(erase(image, 1, shape, 127.5, stream).data, values), 0)
  }
})

function run(name: string, given: Readonly<Record<string, number | string>>, seed: number): Float32Array {
  return augment(image, [{ name, arguments: given }], new Random(keyOf(seed, name)))
}

const randomSteps: Readonly<Record<string, Readonly<Record<string, number | string>>>> = {
  random_crop: { size: 5 },
  random_resized_crop: { size: 5 },
  flip: {},
  rotate: { degrees: 30 },
  brightness: { amount: 0.2 },
  contrast: { low: 0.5, high: 1.5 },
  saturation: { low: 0.5, high: 1.5 },
  hue: { amount: 0.2 },
  erasing: { probability: 1 },
  rand_augment: { count: 3, magnitude: 20 },
}
for (const [name, given] of Object.entries(randomSteps))
  test(`${name}: the same seed gives the same image, others give others, none writes into its input`, (t) => {
    const before = image.data.slice()
    const first = run(name, given, 1)
    t.deepEqual(run(name, given, 1), first)
    t.true(
      Array.from({ length: 8 }, (_, seed) => run(name, given, seed + 2)).some(
        (other) => difference(other, [...first]) > 0,
      ),
    )
    t.deepEqual(image.data, before)
    t.true(first.every((value) => value >= 0 && value <= 255))
  })

test('shapes that cannot fit: the middle for a crop, nothing for an erasing', (t) => {
  const wide = { scaleMin: 1, scaleMax: 1, ratioMin: 20, ratioMax: 20 }
  const cropped = randomResizedCrop(image, 4, wide, 'bilinear', new Random(1))
  t.true(difference(cropped.data, [...resizeImage(crop(image, 0, 4, 13, 1), 4, 4)]) < 1e-4)
  t.is(erase(image, 1, wide, 0, new Random(1)), image)
})

test('erased rectangles are of the shapes asked for', (t) => {
  const black = { width: 100, height: 80, data: new Uint8Array(100 * 80 * 3) }
  for (let seed = 0; seed < 50; seed++) {
    const steps = [
      { name: 'erasing', arguments: { probability: 1, scale_min: 0.1, scale_max: 0.2, ratio_min: 0.5, ratio_max: 2 } },
    ]
    const erased = augment(black, steps, new Random(keyOf(seed))).filter((value) => value === 127.5).length / 3
    // Sides are whole pixels.
    t.true(erased >= 0.095 * 8000 && erased <= 0.205 * 8000, String(erased))
  }
})

test('the compiler and the runtime know the same steps, arguments and defaults', (t) => {
  const known = [...settings.values()].filter(({ kind }) => kind === 'image step')
  t.deepEqual(known.map(({ name }) => name).sort(), [...stepNames].sort())
  for (const { name, arguments: list } of known.filter(({ name }) => name !== 'normalize')) {
    const required = Object.fromEntries(
      list.filter((a) => a.default === undefined).map((a) => [a.name, a.name === 'size' ? 5 : 0.5]),
    )
    const all = Object.fromEntries(
      list.map((a) => [a.name, required[a.name] ?? z.union([z.number(), z.string()]).parse(a.default)]),
    )
    t.deepEqual(run(name, required, 3), run(name, all, 3), name)
  }
})

const plain: AnyImage = { width: 4, height: 4, data: Uint8Array.from({ length: 48 }, (_, i) => i * 5) }

for (const [name, step, code, says] of [
  ['of no known name', { name: 'sharpen', arguments: {} }, 'image-step-unknown', /no image step "sharpen"/],
  [
    'called like a property of every object',
    { name: 'constructor', arguments: {} },
    'image-step-unknown',
    /"constructor"/,
  ],
  [
    'with a size of 0',
    { name: 'resize', arguments: { size: 0 } },
    'image-step-argument',
    /resize does not fit: size: /,
  ],
  [
    'with an argument of another',
    { name: 'resize', arguments: { size: 8, degrees: 9 } },
    'image-step-argument',
    /degrees/,
  ],
  ['that is random', { name: 'flip', arguments: {} }, 'image-step-random', /flip is random/],
  ['larger than the image', { name: 'center_crop', arguments: { size: 5 } }, 'image-smaller-than-crop', /4 x 4/],
] as const)
  test(`a step of evaluation ${name}: ${code}`, (t) => {
    const error = t.throws(() => preprocess(plain, [step]), { instanceOf: Failure })
    t.is(error?.problem.code, code)
    t.regex(error?.message ?? '', says)
    t.truthy(error?.problem.help)
  })

test('erasing leaves some images as they are, and a crop of a normalised image keeps its values', (t) => {
  const erasing = { name: 'erasing', arguments: { probability: 0.5 } }
  const kept = Array.from({ length: 40 }, (_, seed) => augment(plain, [erasing], new Random(keyOf(seed))))
  const unchanged = kept.filter((data) => data.every((value, i) => value === plain.data[i])).length
  t.true(unchanged > 5 && unchanged < 35, `${unchanged} of 40`)
  const [normalized, cropped] = [[], [{ name: 'center_crop', arguments: { size: 2 } }]].map((after) =>
    preprocess(plain, [{ name: 'normalize', arguments: { mean: 0.5, deviation: 0.25 } }, ...after]),
  )
  const inner = [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32]
  t.deepEqual(
    [...(cropped ?? [])],
    inner.map((at) => normalized?.[at]),
  )
  t.true(normalized?.some((value) => value < 0))
})
