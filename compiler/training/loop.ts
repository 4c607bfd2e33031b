import type { ArgumentSpec } from '../ops/operation.js'
import type { SettingSpec } from './setting_spec.js'

/** Lines of the train block that are one value each. */
export const trainArguments: readonly ArgumentSpec[] = [
  {
    name: 'epochs',
    kind: { is: 'integer', from: 1 },
    counts: 'epochs',
    default: 10,
    meaning: 'number of passes over the training images',
  },
  {
    name: 'batch',
    kind: { is: 'integer', from: 1 },
    default: 16,
    meaning: 'number of images per batch; a sampler decides it where there is one',
  },
  {
    name: 'accumulate',
    kind: { is: 'integer', from: 1 },
    default: 1,
    meaning:
      'number of batches whose gradients are averaged for one optimizer step, for a larger effective batch size. Batch norm still uses the statistics of one batch',
  },
  {
    name: 'clip',
    kind: { is: 'number', from: 0 },
    default: 0,
    meaning: 'upper bound of the global gradient norm; larger gradients are scaled down to it. 0: no clipping',
    source: 'torch.nn.utils.clip_grad_norm_',
  },
  {
    name: 'class_weights',
    kind: { is: 'word', words: ['none', 'balanced'] },
    default: 'none',
    meaning:
      'balanced: weights each class in every cross_entropy with the label by the number of images / (classes x images of the class)',
    source: 'scikit-learn, compute_class_weight; torch.nn.CrossEntropyLoss, weight',
  },
  {
    name: 'patience',
    kind: { is: 'integer', from: 0 },
    counts: 'epochs',
    default: 0,
    meaning:
      'early stopping: number of epochs without a better val top-1 after which training stops. 0: no early stopping',
  },
]

/** Lines of the train block that are a call, by name: the kind of setting, and the default. */
export const trainSettings = {
  optimizer: { kind: 'optimizer', standard: 'sgd' },
  schedule: { kind: 'schedule', standard: 'constant' },
  average: { kind: 'average', standard: undefined },
  sampler: { kind: 'sampler', standard: undefined },
  cache: { kind: 'cache', standard: undefined },
} as const

/** The line that lists the optimizer steps on each batch. */
export const stepsLine = {
  name: 'steps',
  example: 'steps = [first, second + third]',
  meaning:
    'several optimizer steps on each batch: a list of losses, each with an optimizer step of its own; losses joined by `+` share one. Each step runs only the part of the model that its losses need, on the weights as the step before left them, and moves only the weights that its losses reach. Without the line there is one step with all losses. The learning rate, which is given for each batch, is that of all its steps',
} as const

export const ema: SettingSpec = {
  name: 'ema',
  kind: 'average',
  summary:
    'Keeps an exponential moving average of all weights and batch statistics: average = decay average + (1 - decay) weight after each step. The averaged weights are evaluated, selected as the best checkpoint, and exported.',
  arguments: [
    {
      name: 'decay',
      kind: { is: 'number', from: 0, below: 1 },
      default: 0.999,
      meaning: 'weight of the previous average in each step',
    },
    {
      name: 'warm_up',
      kind: { is: 'boolean' },
      default: true,
      meaning: 'limits the decay at step n to (1 + n) / (10 + n), so that the initial weights are soon forgotten',
      source: 'tf.train.ExponentialMovingAverage, num_updates',
    },
  ],
}

export const group: SettingSpec = {
  name: 'group',
  kind: 'group',
  summary:
    'Declares a parameter group under a name of your choice: `backbone = group(master.trunk, rate = 10%)`. The first argument is the path of the bindings of that part of the model. If groups are nested, the innermost one applies.',
  arguments: [
    {
      name: 'rate',
      kind: { is: 'number', from: 0 },
      default: 1,
      meaning: "factor of the optimizer's learning rate; 10% is a tenth of it",
    },
    {
      name: 'layer_decay',
      kind: { is: 'number', above: 0, to: 1 },
      default: 1,
      meaning:
        'layer-wise decay of the learning rate: each layer has this factor of the rate of the layer after it, the last one of that of the classifier. A layer is a round of a repeat (`blocks.3`), of nested ones the innermost; weights before the first one are a layer of their own. Weights of a round before the first round inside it belong to that one, and all others to the layer before them',
      source: 'BEiT (Bao et al. 2022); timm, param_groups_layer_decay',
    },
    {
      name: 'weight_decay',
      kind: { is: 'number', from: 0 },
      default: null,
      meaning: "weight decay in place of the optimizer's",
    },
    {
      name: 'frozen',
      kind: { is: 'number', from: 0, words: ['all'] },
      counts: 'epochs',
      default: 0,
      meaning:
        'number of epochs, or all, in which the group is frozen: its weights and statistics do not change, and it runs in inference mode (batch norm with running averages, no dropout)',
    },
  ],
}
