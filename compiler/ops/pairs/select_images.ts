import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { batchOf } from '../support/pairs.js'
import { floats, wrongRank } from '../support/shapes.js'
import { at, elements, size, zeros } from '../support/tensor.js'

export const selectImages: Operation = {
  name: 'select_images',
  documentation: {
    summary: "Returns for each image another image's values, by its place in the batch.",
    details:
      'y[i] = x[index[i]]. Indices, such as those of an argmax over pairs, are limited to the batch and rounded down. The gradient reaches the images that were selected, and none the indices. Labels are selected as vectors: select_images(one_hot(label), index).',
    example:
      'row     = global_avg_pool(trunk.layer3)\nsimilar = pairwise(l2_normalize(row)) - 3 * same_image(row)\nnearest = argmax(similar, over = last)\nother   = select_images(trunk.layer3, nearest)',
    source: 'torch.index_select along the batch',
  },
  arguments: [
    tensorArgument('x', 'any tensor of the images'),
    tensorArgument('index', 'one number for each image: the place of the selected one, counted from 0'),
  ],
  typing: {
    infer(call) {
      const { element, shape } = call.type('index')
      if (!batchOf(call, 'x') || !batchOf(call, 'index')) return undefined
      if (element !== 'float' || shape.length !== 1) return wrongRank(call, 'index', 'one number for each image')
      return [floats(call.type('x').shape)]
    },
  },
  semantics: { mixesImages: true, takesPairs: true, stopsGradient: ['index'] },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => call.genericRuntime('selectImages', call.input('x'), call.input('index')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => call.helper(python.select_images, call.input('x'), call.input('index')),
    },
    onnx: 'training only',
  },
  reference(call) {
    const [x, index] = [call.tensor('x'), call.tensor('index')]
    const [count, length] = [size(x, 0), elements(x.shape.slice(1))]
    const out = zeros(x.shape)
    for (let image = 0; image < count; image++) {
      const chosen = Math.floor(Math.min(Math.max(at(index, image), 0), count - 1))
      out.data.set(x.data.subarray(chosen * length, (chosen + 1) * length), image * length)
    }
    return [out]
  },
  cases: [
    {
      name: 'rows, one of them twice',
      inputs: { x: { shape: [3, 4], fill: 'random' }, index: { shape: [3], fill: { values: [2, 0, 2] } } },
    },
    {
      name: 'maps, indices limited and rounded down',
      inputs: { x: { shape: [4, 2, 3, 2], fill: 'random' }, index: { shape: [4], fill: { values: [-1, 1.5, 7, 0] } } },
    },
    {
      name: 'numbers of one image',
      inputs: { x: { shape: [1], fill: 'random' }, index: { shape: [1], fill: { values: [0] } } },
    },
  ],
}
