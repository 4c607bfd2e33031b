import type { ArgumentSpec } from '../ops/operation.js'
import type { SettingSpec } from './setting_spec.js'

const alpha = (value: number): ArgumentSpec => ({
  name: 'alpha',
  kind: { is: 'number', above: 0 },
  default: value,
  meaning:
    'the share of a batch that stays is drawn from Beta(alpha, alpha): near 0 or 1 for a small alpha, near a half for a large one',
})

/** Augmentations of a whole batch, its labels included. */
export const mixings: readonly SettingSpec[] = [
  {
    name: 'mixup',
    kind: 'batch step',
    summary:
      'Each image becomes a weighted sum of itself and another one of the batch, and so does its loss (Zhang et al. 2017, equation 1).',
    arguments: [alpha(0.2)],
  },
  {
    name: 'cutmix',
    kind: 'batch step',
    summary:
      'A rectangle of each image is taken from another one of the batch, and the loss is weighted by area (Yun et al. 2019, section 3.1).',
    arguments: [alpha(1)],
  },
]
