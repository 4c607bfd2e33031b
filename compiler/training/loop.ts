import type { ArgumentSpec } from '../ops/operation.js'
import type { SettingSpec } from './setting_spec.js'

/** Lines of the train block that are one value each. */
export const trainArguments: readonly ArgumentSpec[] = [
  {
    name: 'epochs',
    kind: { is: 'integer', from: 1 },
    counts: 'epochs',
    default: 10,
    meaning: 'how often every image is seen',
  },
  { name: 'batch', kind: { is: 'integer', from: 1 }, default: 16, meaning: 'images that go through at once' },
  {
    name: 'accumulate',
    kind: { is: 'integer', from: 1 },
    default: 1,
    meaning:
      'batches whose mean gradient makes one step of the optimizer: a large batch where memory is short. Batch norm still sees one batch at a time',
  },
  {
    name: 'clip',
    kind: { is: 'number', from: 0 },
    default: 0,
    meaning: 'the largest norm that all gradients together may have; longer ones are scaled down to it. 0: no limit',
    source: 'torch.nn.utils.clip_grad_norm_',
  },
  {
    name: 'class_weights',
    kind: { is: 'word', words: ['none', 'balanced'] },
    default: 'none',
    meaning:
      'balanced: in every cross_entropy with the label, a class counts by the number of images / (classes x its images)',
    source: 'scikit-learn, compute_class_weight; torch.nn.CrossEntropyLoss, weight',
  },
  {
    name: 'patience',
    kind: { is: 'integer', from: 0 },
    counts: 'epochs',
    default: 0,
    meaning: 'epochs without a better top-1 on the val images after which training ends. 0: it never ends early',
  },
]

/** Lines of the train block that are a call, by name: the kind of setting, and what stands for one that is left out. */
export const trainSettings = {
  optimizer: { kind: 'optimizer', standard: 'sgd' },
  schedule: { kind: 'schedule', standard: 'constant' },
  average: { kind: 'average', standard: undefined },
} as const

export const ema: SettingSpec = {
  name: 'ema',
  kind: 'average',
  summary:
    'A moving average of all weights and statistics: average = decay average + (1 - decay) weight after each step. It is what is evaluated, kept as the best, and exported.',
  arguments: [
    {
      name: 'decay',
      kind: { is: 'number', from: 0, below: 1 },
      default: 0.999,
      meaning: 'how much of the average stays at each step',
    },
    {
      name: 'warm_up',
      kind: { is: 'boolean' },
      default: true,
      meaning: 'at step n no more than (1 + n) / (10 + n) stays, so that the beginning is forgotten',
      source: 'tf.train.ExponentialMovingAverage, num_updates',
    },
  ],
}

export const group: SettingSpec = {
  name: 'group',
  kind: 'group',
  summary:
    'A part of the model that learns in its own way, under a name of its own: `backbone = group(master.trunk, rate = 10%)`. The part comes first, by the path of its bindings; where one group lies in another, the inner one holds.',
  arguments: [
    {
      name: 'rate',
      kind: { is: 'number', from: 0 },
      default: 1,
      meaning: "what the optimizer's rate is multiplied by: 10% is a tenth of it",
    },
    {
      name: 'weight_decay',
      kind: { is: 'number', from: 0 },
      default: null,
      meaning: "instead of the optimizer's",
    },
    {
      name: 'frozen',
      kind: { is: 'number', from: 0 },
      counts: 'epochs',
      default: 0,
      meaning:
        'epochs in which it does not learn: its weights and statistics stay, and it computes as it does after training (batch norm by its running averages, no dropout)',
    },
  ],
}
