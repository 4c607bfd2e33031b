import type { ArgumentSpec } from '../operation.js'
import { mean } from '../reductions/mean.js'
import { tensorArgument } from './arguments.js'

/** The map that guides a sampler: [batch, height, width]. Feature maps with one channel are accepted as a single map. */
export function guideArgument(meaning: string): ArgumentSpec {
  return {
    ...tensorArgument('guide', `${meaning}; feature maps of one channel count as their only map`),
    converted: ({ element, shape }) =>
      element === 'float' && shape.length === 4 && shape[1]?.size === 1
        ? { operation: mean, attributes: { over: 'channels', keep: false } }
        : undefined,
  }
}
