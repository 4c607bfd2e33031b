import * as python from '../python/index.js'
import { noise } from './noise.js'

export const randomNormal = noise({
  name: 'random_normal',
  documentation: {
    summary: 'Draws random numbers from a normal distribution.',
    details: 'Each element is drawn by itself.',
    example: 'noisy = trunk.layer3 + random_normal(trunk.layer3, deviation = 0.1)',
    source: 'torch.randn_like',
  },
  arguments: [
    { name: 'mean', kind: { is: 'number' }, default: 0, meaning: 'the mean' },
    { name: 'deviation', kind: { is: 'number', from: 0 }, default: 1, meaning: 'the standard deviation' },
  ],
  tfjs: 'randomNormal',
  pytorch: python.random_normal,
  mean: (call) => call.number('mean'),
  draw(call, random) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    return call.number('mean') + call.number('deviation') * radius * Math.cos(2 * Math.PI * random())
  },
  parameters: { mean: 2, deviation: 0.5 },
})
