import type { ArgumentSpec } from '../ops/operation.js'
import type { PytorchOptimizer, SettingSpec } from './setting_spec.js'

const rate = (value: number): ArgumentSpec => ({
  name: 'rate',
  kind: { is: 'number', above: 0 },
  default: value,
  meaning: 'learning rate, which the schedule multiplies',
  advice: 'usual: 0.001 to 0.1',
})

const weightDecay = (meaning: string): ArgumentSpec => ({
  name: 'weight_decay',
  kind: { is: 'number', from: 0 },
  default: 0,
  meaning,
  source: 'torch.optim',
})

const decays: ArgumentSpec = {
  name: 'decays',
  kind: { is: 'word', words: ['all', 'weights'] },
  default: 'all',
  meaning:
    'what the decay acts on: every trainable parameter, or all but those of one dimension: biases, and the scales and offsets of batch norm',
  source: 'all: torch.optim',
}

const moments: readonly ArgumentSpec[] = [
  { name: 'beta1', kind: { is: 'number', from: 0, below: 1 }, default: 0.9, meaning: 'memory of the gradient' },
  {
    name: 'beta2',
    kind: { is: 'number', from: 0, below: 1 },
    default: 0.999,
    meaning: "memory of the gradient's square",
  },
  { name: 'eps', kind: { is: 'number', above: 0 }, default: 1e-8, meaning: 'keeps the division finite' },
]

function adam(type: string): PytorchOptimizer {
  return {
    create: ({ beta1, beta2, eps }) => `${type}(groups, lr=RATE, betas=(${beta1}, ${beta2}), eps=${eps})`,
    slots: { mean: 'exp_avg', square: 'exp_avg_sq' },
  }
}

export const optimizers: readonly SettingSpec[] = [
  {
    name: 'sgd',
    kind: 'optimizer',
    summary:
      'Stochastic gradient descent with momentum: velocity = momentum velocity + gradient + weight_decay weight; weight -= rate velocity.',
    arguments: [
      rate(0.01),
      {
        name: 'momentum',
        kind: { is: 'number', from: 0, below: 1 },
        default: 0.9,
        meaning: 'share of the last step that goes on',
      },
      weightDecay('share of each weight added to its gradient'),
      decays,
    ],
    pytorch: {
      create: ({ momentum }) => `torch.optim.SGD(groups, lr=RATE, momentum=${momentum})`,
      slots: { velocity: 'momentum_buffer' },
    },
  },
  {
    name: 'adam',
    kind: 'optimizer',
    summary: 'Adam: steps scaled by running means of the gradient and of its square (Kingma and Ba 2014, algorithm 1).',
    arguments: [rate(0.001), ...moments, weightDecay('share of each weight added to its gradient'), decays],
    pytorch: adam('torch.optim.Adam'),
  },
  {
    name: 'adamw',
    kind: 'optimizer',
    summary:
      'Adam whose weight decay does not go through its means: weight -= rate weight_decay weight, then the step of adam (Loshchilov and Hutter 2017).',
    arguments: [rate(0.001), ...moments, weightDecay('share of each weight, times the rate, taken off'), decays],
    pytorch: adam('torch.optim.AdamW'),
  },
]
