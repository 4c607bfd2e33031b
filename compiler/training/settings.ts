import { elementAt } from '../../grammar/present.js'
import type { ArgumentSpec } from '../ops/operation.js'
import { mixings } from './batch_steps.js'
import { featureCache } from './feature_cache.js'
import { ema, group } from './loop.js'
import { optimizers } from './optimizers.js'
import { resizeOnnx } from './resize_onnx.js'
import { samplers } from './samplers.js'
import { schedules } from './schedules.js'
import type { OnnxStep, SettingSpec } from './setting_spec.js'

function numberOf({ arguments: given }: OnnxStep, name: string): number {
  const value = given[name]
  if (typeof value !== 'number') throw new Error(`an image step without ${name}`)
  return value
}

/** Red, green, blue; one number applies to all three. */
function coloursOf({ arguments: given }: OnnxStep, name: string): readonly number[] {
  const value = given[name]
  if (typeof value === 'number') return [value, value, value]
  if (Array.isArray(value)) return value
  throw new Error(`an image step without ${name}`)
}

/** The normalisation that torchvision's networks were trained with. */
export const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] }

const imageSize: ArgumentSpec = {
  name: 'size',
  kind: { is: 'integer', from: 1 },
  meaning: 'resulting height and width, in pixels',
}

const interpolation: ArgumentSpec = {
  name: 'interpolation',
  kind: { is: 'word', words: ['bilinear', 'bicubic'], ofBackbone: 'interpolation' },
  default: 'bilinear',
  meaning: "filter, antialiased: a triangle, or Keys' cubic with a = -0.5 clamped to the range of pixels, as in Pillow",
}

const probability: ArgumentSpec = {
  name: 'probability',
  kind: { is: 'number', from: 0, to: 1 },
  default: 0.5,
  meaning: 'probability of applying the step',
  source: 'torchvision',
}

/** How large a random rectangle is; the defaults are torchvision's. */
function rectangle(usual: { scale: readonly [number, number]; ratio: readonly [number, number] }): ArgumentSpec[] {
  const [scaleMin, scaleMax] = usual.scale
  const [ratioMin, ratioMax] = usual.ratio
  const area = { is: 'number', above: 0, to: 1 } as const
  const ratio = { is: 'number', above: 0 } as const
  const source = 'torchvision'
  return [
    {
      name: 'scale_min',
      kind: area,
      default: scaleMin,
      meaning: 'lower bound of the area, as a fraction of the image',
      source,
    },
    {
      name: 'scale_max',
      kind: area,
      default: scaleMax,
      meaning: 'upper bound of the area, as a fraction of the image',
      source,
    },
    {
      name: 'ratio_min',
      kind: ratio,
      default: ratioMin,
      meaning: 'lower bound of the aspect ratio (width / height)',
      source,
    },
    {
      name: 'ratio_max',
      kind: ratio,
      default: ratioMax,
      meaning: 'upper bound of the aspect ratio (width / height)',
      source,
    },
  ]
}

const low: ArgumentSpec = { name: 'low', kind: { is: 'number', from: 0 }, meaning: 'lower bound of the factor' }
const high: ArgumentSpec = { name: 'high', kind: { is: 'number', from: 0 }, meaning: 'upper bound of the factor' }

const specs: readonly SettingSpec[] = [
  ...optimizers,
  ...schedules,
  ema,
  group,
  ...mixings,
  ...samplers,
  featureCache,
  {
    name: 'resize',
    kind: 'image step',
    summary: 'Resizes the image to a square, without preserving the aspect ratio.',
    arguments: [imageSize, interpolation],
    onnx(step) {
      const { interpolation } = step.arguments
      if (interpolation !== 'bilinear' && interpolation !== 'bicubic') throw new Error('a resize without a filter')
      return resizeOnnx({ step, size: numberOf(step, 'size'), filter: interpolation })
    },
    resizesTo: 'size',
  },
  {
    name: 'center_crop',
    kind: 'image step',
    summary: 'Crops the centre of the image.',
    arguments: [imageSize],
    onnx(step) {
      const kept = numberOf(step, 'size')
      const start = Math.floor(((step.size ?? kept) - kept) / 2)
      const { builder } = step
      const bounds = [
        [start, start],
        [start + kept, start + kept],
        [2, 3],
      ].map((pair) => builder.integers(pair))
      return step.add('Slice', [step.channelsFirst(), ...bounds])
    },
    resizesTo: 'size',
  },
  {
    name: 'random_crop',
    kind: 'image step',
    summary: 'Crops the image at a random position.',
    arguments: [imageSize],
    resizesTo: 'size',
  },
  {
    name: 'random_resized_crop',
    kind: 'image step',
    summary: 'Crops a region of random position, area and aspect ratio, and resizes it to a square.',
    arguments: [imageSize, ...rectangle({ scale: [0.08, 1], ratio: [3 / 4, 4 / 3] }), interpolation],
    resizesTo: 'size',
  },
  {
    name: 'flip',
    kind: 'image step',
    summary: 'Mirrors the image at random.',
    arguments: [
      {
        name: 'direction',
        kind: { is: 'word', words: ['horizontal', 'vertical'] },
        default: 'horizontal',
        meaning: 'horizontal: left to right; vertical: top to bottom',
      },
      probability,
    ],
  },
  {
    name: 'brightness',
    kind: 'image step',
    summary: 'Adds the same random number to every value.',
    arguments: [
      {
        name: 'amount',
        kind: { is: 'number', from: 0, to: 1 },
        meaning: 'largest absolute change, as a fraction of full brightness',
      },
    ],
  },
  {
    name: 'contrast',
    kind: 'image step',
    summary: "Multiplies the difference of each value from the image's mean by a random factor.",
    arguments: [low, high],
  },
  {
    name: 'saturation',
    kind: 'image step',
    summary: 'Multiplies the difference of each colour from grey by a random factor.',
    arguments: [low, high],
  },
  {
    name: 'rotate',
    kind: 'image step',
    summary: 'Rotates the image by a random angle.',
    arguments: [
      {
        name: 'degrees',
        kind: { is: 'number', from: 0, to: 180 },
        meaning: 'largest angle in either direction, in degrees',
      },
    ],
  },
  {
    name: 'hue',
    kind: 'image step',
    summary: 'Shifts the hue of all colours by the same random angle.',
    arguments: [
      {
        name: 'amount',
        kind: { is: 'number', from: 0, to: 0.5 },
        meaning: 'largest shift in either direction, as a fraction of a full turn',
        source: 'torchvision ColorJitter',
      },
    ],
  },
  {
    name: 'erasing',
    kind: 'image step',
    summary: 'Random erasing: fills a random rectangle with grey (Zhong et al. 2017, algorithm 1).',
    arguments: [
      probability,
      ...rectangle({ scale: [0.02, 0.33], ratio: [0.3, 3.3] }),
      {
        name: 'fill',
        kind: { is: 'number', from: 0, to: 1 },
        default: 0.5,
        meaning: 'brightness of the rectangle; 0.5 is close to zero after normalisation',
      },
    ],
  },
  {
    name: 'rand_augment',
    kind: 'image step',
    summary:
      'RandAugment: applies random transforms of one magnitude (Cubuk et al. 2020): none, shear, translation, rotation, brightness, colour, contrast, sharpness, posterise, solarise, automatic contrast and equalised histogram.',
    arguments: [
      {
        name: 'count',
        kind: { is: 'integer', from: 0, to: 14 },
        default: 2,
        meaning: 'number of transforms, one after the other',
        source: 'N of the paper, for ImageNet',
      },
      {
        name: 'magnitude',
        kind: { is: 'number', from: 0, to: 30 },
        default: 9,
        meaning:
          'strength of the transforms. At 30 a rotation is 30 degrees, a shear 0.3, a translation 45 % of the image, and brightness, colour, contrast and sharpness change by 90 %',
        source: 'M of the paper; ranges of torchvision RandAugment',
      },
      {
        name: 'fill',
        kind: { is: 'number', from: 0, to: 1 },
        default: 0.5,
        meaning: 'brightness of what comes into view from outside the image; 0.5 is close to zero after normalisation',
      },
    ],
  },
  {
    name: 'normalize',
    kind: 'image step',
    summary: 'Scales values to 0 to 1, then normalises them as the backbone expects: (value - mean) / deviation.',
    onnx(step) {
      // (value / 255 - mean) / deviation in one multiplication and one addition.
      const mean = coloursOf(step, 'mean')
      const deviation = coloursOf(step, 'deviation')
      const shape = [1, 3, 1, 1]
      const factor = step.builder.floats(
        deviation.map((value) => 1 / (255 * value)),
        shape,
      )
      const shift = step.builder.floats(
        mean.map((value, colour) => -value / elementAt(deviation, colour)),
        shape,
      )
      return step.add('Add', [step.add('Mul', [step.channelsFirst(), factor], 'scale'), shift])
    },
    arguments: [
      {
        name: 'mean',
        kind: { is: 'colours', named: { imagenet: imagenet.mean }, ofBackbone: 'mean' },
        default: 0.5,
        meaning: `subtracted from each colour; 0.5 with deviation 0.5 gives the range -1 to 1, imagenet is [${imagenet.mean.join(', ')}]`,
        source: 'imagenet: the mean of its images, as in torchvision',
      },
      {
        name: 'deviation',
        kind: { is: 'colours', named: { imagenet: imagenet.deviation }, ofBackbone: 'deviation', above: 0 },
        default: 0.5,
        meaning: `divisor of each colour; imagenet is [${imagenet.deviation.join(', ')}]`,
      },
    ],
  },
]

export const settings: ReadonlyMap<string, SettingSpec> = new Map(specs.map((spec) => [spec.name, spec]))

export function settingNames(kind: SettingSpec['kind']): string[] {
  return specs.filter((spec) => spec.kind === kind).map((spec) => spec.name)
}
