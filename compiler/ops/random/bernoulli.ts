import * as python from '../python/index.js'
import { noise } from './noise.js'

export const bernoulli = noise({
  name: 'bernoulli',
  documentation: {
    summary: 'Draws 1 with a probability, and 0 otherwise.',
    details: 'Each element is drawn by itself.',
    example: 'noisy = trunk.layer3 * bernoulli(trunk.layer3, 90%)',
    source: 'torch.bernoulli',
  },
  arguments: [
    { name: 'probability', kind: { is: 'number', from: 0, to: 1 }, default: 0.5, meaning: 'the probability of 1' },
  ],
  tfjs: 'bernoulli',
  pytorch: python.bernoulli,
  mean: (call) => call.number('probability'),
  draw: (call, random) => (random() < call.number('probability') ? 1 : 0),
  parameters: { probability: 0.25 },
})
