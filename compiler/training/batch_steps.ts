import type { ArgumentSpec } from '../ops/operation.js'
import type { SettingSpec } from './setting_spec.js'

const alpha = (value: number): ArgumentSpec => ({
  name: 'alpha',
  kind: { is: 'number', above: 0 },
  default: value,
  meaning:
    'parameter of the distribution Beta(alpha, alpha) of the mixing coefficient: a small alpha gives values near 0 or 1, a large one values near 0.5',
})

/** Augmentations of a whole batch, its labels included. */
export const mixings: readonly SettingSpec[] = [
  {
    name: 'mixup',
    kind: 'batch step',
    summary:
      'Replaces each image by a weighted sum of itself and another image of the batch, and its loss accordingly (Zhang et al. 2017, equation 1).',
    arguments: [alpha(0.2)],
  },
  {
    name: 'cutmix',
    kind: 'batch step',
    summary:
      'Replaces a rectangle of each image by that of another image of the batch, and weights the loss by area (Yun et al. 2019, section 3.1).',
    arguments: [alpha(1)],
  },
]
