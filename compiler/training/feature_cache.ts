import type { SettingSpec } from './setting_spec.js'

/** The line of the train block that keeps the outputs of frozen parts. */
export const featureCache: SettingSpec = {
  name: 'features',
  kind: 'cache',
  summary:
    'Computes the frozen parts of the model once for each image, and keeps their outputs in memory and on disk: while the parts are frozen, later epochs compute the rest alone.',
  arguments: [
    {
      name: 'views',
      kind: { is: 'integer', from: 1 },
      default: 1,
      meaning:
        'number of different augmentations of each image, which take turns from epoch to epoch. Each is computed and kept once. Without random image steps 1 is exact',
    },
    {
      name: 'precision',
      kind: { is: 'word', words: ['single', 'half'] },
      default: 'single',
      meaning:
        'format in which the features are kept: single has the very numbers of training without the cache, half takes half the space',
    },
  ],
}
