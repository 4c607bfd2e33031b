import { present } from '../../grammar/present.js'
import type { Setting } from '../graph/graph.js'
import type { ArgumentSpec } from '../ops/operation.js'
import { callOf, keyword, literal, source, tuple } from '../targets/pytorch/expression.js'
import type { PytorchOptimizer, SettingSpec } from './setting_spec.js'

const rate = (value: number): ArgumentSpec => ({
  name: 'rate',
  kind: { is: 'number', above: 0 },
  default: value,
  meaning: 'initial learning rate, which the schedule modifies',
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
    'which parameters decay: all trainable ones, or only those with more than one dimension, which excludes biases and the scales and offsets of batch norm',
  source: 'all: torch.optim',
}

const moments: readonly ArgumentSpec[] = [
  {
    name: 'beta1',
    kind: { is: 'number', from: 0, below: 1 },
    default: 0.9,
    meaning: 'decay of the running mean of the gradient',
  },
  {
    name: 'beta2',
    kind: { is: 'number', from: 0, below: 1 },
    default: 0.999,
    meaning: 'decay of the running mean of the squared gradient',
  },
  {
    name: 'eps',
    kind: { is: 'number', above: 0 },
    default: 1e-8,
    meaning: 'added to the denominator, to keep the division finite',
  },
]

/** Arguments of every optimizer in a generated recipe. */
const groupsAndRate = [source('groups'), keyword('lr', source('RATE'))]

const numberCode = (value: Setting['arguments'][string] | undefined) => literal(present(value, 'an argument'))

function adam(type: string): PytorchOptimizer {
  return {
    create: ({ beta1, beta2, eps }) =>
      callOf(
        type,
        ...groupsAndRate,
        keyword('betas', tuple([numberCode(beta1), numberCode(beta2)])),
        keyword('eps', numberCode(eps)),
      ),
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
        meaning: 'fraction of the previous velocity that is kept',
      },
      weightDecay('fraction of each weight that is added to its gradient'),
      decays,
    ],
    pytorch: {
      create: ({ momentum }) => callOf('torch.optim.SGD', ...groupsAndRate, keyword('momentum', numberCode(momentum))),
      slots: { velocity: 'momentum_buffer' },
    },
  },
  {
    name: 'adam',
    kind: 'optimizer',
    summary:
      'Adam: scales each step by running means of the gradient and of its square (Kingma and Ba 2014, algorithm 1).',
    arguments: [rate(0.001), ...moments, weightDecay('fraction of each weight that is added to its gradient'), decays],
    pytorch: adam('torch.optim.Adam'),
  },
  {
    name: 'adamw',
    kind: 'optimizer',
    summary:
      'Adam with decoupled weight decay: weight -= rate weight_decay weight, followed by a step of adam (Loshchilov and Hutter 2017).',
    arguments: [
      rate(0.001),
      ...moments,
      weightDecay('fraction of each weight, multiplied by the learning rate, that is subtracted from it'),
      decays,
    ],
    pytorch: adam('torch.optim.AdamW'),
  },
]
