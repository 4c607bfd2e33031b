import type { SettingSpec } from './setting_spec.js'

/** Ways to choose the images of each batch. */
export const samplers: readonly SettingSpec[] = [
  {
    name: 'classes',
    kind: 'sampler',
    summary:
      'Fills each batch with `images` images of each of `count` classes, as losses of pairs need them (Hermans et al. 2017, section 2). Classes take turns in a random order, and the images of a class likewise: all classes are seen equally often, and a class with fewer images repeats some. `batch` is the product of both. An epoch has as many batches as without the sampler.',
    arguments: [
      {
        name: 'count',
        kind: { is: 'integer', from: 1 },
        meaning: 'number of different classes in a batch',
        source: 'P in Hermans et al. 2017',
      },
      {
        name: 'images',
        kind: { is: 'integer', from: 1 },
        default: 4,
        meaning: 'number of images of each of them',
        source: 'K in Hermans et al. 2017',
      },
    ],
  },
]
