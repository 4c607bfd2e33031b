import * as python from '../python/index.js'
import { noise } from './noise.js'

export const randomUniform = noise({
  name: 'random_uniform',
  documentation: {
    summary: 'Draws random numbers from a uniform distribution.',
    details: 'Each element is drawn by itself, from low on and below high.',
    example: 'random   = random_uniform(attention, 0, 2)\nfeatures = bap(trunk.layer3, random)',
    source: 'torch.rand_like; random attention: Rao et al. 2021 (CAL)',
  },
  arguments: [
    { name: 'low', kind: { is: 'number' }, default: 0, meaning: 'the lowest number' },
    { name: 'high', kind: { is: 'number' }, default: 1, meaning: 'the bound above' },
  ],
  accepts(call) {
    if (call.number('low') <= call.number('high')) return true
    const value = String(call.number('high'))
    call.fail('out-of-range', { name: 'high', value, range: `at least low, ${call.number('low')}`, advice: undefined })
    return false
  },
  tfjs: 'randomUniform',
  pytorch: python.random_uniform,
  mean: (call) => (call.number('low') + call.number('high')) / 2,
  draw: (call, random) => call.number('low') + (call.number('high') - call.number('low')) * random(),
  parameters: { low: -1, high: 3 },
})
