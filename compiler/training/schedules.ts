import type { ArgumentSpec } from '../ops/operation.js'
import type { SettingSpec } from './setting_spec.js'

const warmUp: ArgumentSpec = {
  name: 'warm_up',
  kind: { is: 'number', from: 0 },
  counts: 'epochs',
  default: 0,
  meaning: 'number of epochs in which the learning rate first increases linearly from zero',
  source: 'Goyal et al. 2017, section 2.2',
}

export const schedules: readonly SettingSpec[] = [
  { name: 'constant', kind: 'schedule', summary: 'Keeps the learning rate constant.', arguments: [warmUp] },
  {
    name: 'staircase',
    kind: 'schedule',
    summary: 'Multiplies the learning rate by `factor` after every `every` epochs.',
    arguments: [
      {
        name: 'factor',
        kind: { is: 'number', above: 0, to: 1 },
        default: 0.9,
        meaning: 'factor of the learning rate',
      },
      {
        name: 'every',
        kind: { is: 'number', above: 0 },
        counts: 'epochs',
        default: 2,
        meaning: 'number of epochs between two reductions',
      },
      warmUp,
    ],
  },
  {
    name: 'step',
    kind: 'schedule',
    summary: 'Multiplies the learning rate by `factor` at the given epochs: step(at = [30, 60]).',
    arguments: [
      {
        name: 'at',
        kind: { is: 'integers' },
        counts: 'epochs',
        meaning: 'numbers of completed epochs at which the learning rate is reduced',
      },
      {
        name: 'factor',
        kind: { is: 'number', above: 0, to: 1 },
        default: 0.1,
        meaning: 'factor of the learning rate',
        source: 'torch.optim.lr_scheduler.MultiStepLR',
      },
      warmUp,
    ],
  },
  {
    name: 'cosine',
    kind: 'schedule',
    summary:
      'Cosine annealing: after the warm-up, the learning rate decreases along half a cosine to `floor` times its initial value at the last step (Loshchilov and Hutter 2016, equation 5).',
    arguments: [
      {
        name: 'floor',
        kind: { is: 'number', from: 0, to: 1 },
        default: 0,
        meaning: 'fraction of the learning rate at the last step',
      },
      warmUp,
    ],
  },
]
