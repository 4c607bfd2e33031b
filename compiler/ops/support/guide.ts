import type { ArgumentSpec } from '../operation.js'
import { mean } from '../reductions/mean.js'
import { tensorArgument } from './arguments.js'

/** The map that a sampler follows: [batch, height, width]. Feature maps of one channel are taken for the map that they hold. */
export function guideArgument(meaning: string): ArgumentSpec {
  return {
    ...tensorArgument('guide', `${meaning}; feature maps of one channel count as their only map`),
    converted: ({ element, shape }) =>
      element === 'float' && shape.length === 4 && shape[1]?.size === 1
        ? { operation: mean, attributes: { over: 'channels', keep: false } }
        : undefined,
  }
}
