import type { ArgumentSpec } from '../ops/operation.js'
import type { SettingSpec } from './setting_spec.js'

const warmUp: ArgumentSpec = {
  name: 'warm_up',
  kind: { is: 'number', from: 0 },
  counts: 'epochs',
  default: 0,
  meaning: 'epochs in which the rate first rises in a straight line from zero',
  source: 'Goyal et al. 2017, section 2.2',
}

export const schedules: readonly SettingSpec[] = [
  { name: 'constant', kind: 'schedule', summary: 'The learning rate stays as it is.', arguments: [warmUp] },
  {
    name: 'staircase',
    kind: 'schedule',
    summary: 'The learning rate is multiplied by `factor` after every `every` epochs.',
    arguments: [
      {
        name: 'factor',
        kind: { is: 'number', above: 0, to: 1 },
        default: 0.9,
        meaning: 'what the rate is multiplied by',
      },
      {
        name: 'every',
        kind: { is: 'number', above: 0 },
        counts: 'epochs',
        default: 2,
        meaning: 'epochs from one step down to the next',
      },
      warmUp,
    ],
  },
  {
    name: 'step',
    kind: 'schedule',
    summary: 'The learning rate is multiplied by `factor` at given epochs: step(at = [30, 60]).',
    arguments: [
      {
        name: 'at',
        kind: { is: 'integers' },
        counts: 'epochs',
        meaning: 'how many epochs are done at each step down',
      },
      {
        name: 'factor',
        kind: { is: 'number', above: 0, to: 1 },
        default: 0.1,
        meaning: 'what the rate is multiplied by',
        source: 'torch.optim.lr_scheduler.MultiStepLR',
      },
      warmUp,
    ],
  },
  {
    name: 'cosine',
    kind: 'schedule',
    summary:
      'The learning rate falls along half a cosine, after the warm-up, to `floor` times itself at the last step (Loshchilov and Hutter 2016, equation 5).',
    arguments: [
      {
        name: 'floor',
        kind: { is: 'number', from: 0, to: 1 },
        default: 0,
        meaning: 'share of the rate that is left at the end',
      },
      warmUp,
    ],
  },
]
