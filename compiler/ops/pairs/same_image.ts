import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { batchOf, ofPairs } from '../support/pairs.js'
import { size, zeros } from '../support/tensor.js'

export const sameImage: Operation = {
  name: 'same_image',
  documentation: {
    summary: 'Returns 1 for the pair of each image with itself, and 0 for every other pair: the identity of the batch.',
    details:
      'Multiply by 1 - same_image(x), or use it as the condition of `where`, to leave an image out of its pairs.',
    example: 'other = 1 - same_image(embedding)\ncount = sum(other, over = last)',
    source: 'torch.eye(len(x))',
  },
  arguments: [tensorArgument('like', 'any tensor of the images, whose device and precision it has')],
  typing: {
    infer(call) {
      const batch = batchOf(call, 'like')
      return batch && [ofPairs(batch)]
    },
  },
  semantics: { mixesImages: true, takesPairs: true, stopsGradient: ['like'] },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => call.runtime('sameImage', call.input('like')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => call.helper(python.same_image, call.input('like')),
    },
    onnx: 'training only',
  },
  reference(call) {
    const count = size(call.tensor('like'), 0)
    const out = zeros([count, count])
    for (let image = 0; image < count; image++) out.data[image * (count + 1)] = 1
    return [out]
  },
  cases: [
    { name: 'three images', inputs: { like: { shape: [3, 2], fill: 'random' } }, noGradient: true },
    { name: 'one image', inputs: { like: { shape: [1, 2, 3, 3], fill: 'random' } }, noGradient: true },
  ],
}
