import { callText as pythonCall } from '../../../targets/pytorch/lowering.js'
import { source } from '../../../targets/tfjs/expression.js'
import type { Operation } from '../../operation.js'
import * as python from '../../python/index.js'
import { tensorArgument } from '../../support/arguments.js'
import { featureMap, isSingleMap, mapOf, wrongRank } from '../../support/shapes.js'
import { cases } from './cases.js'
import { outputSize } from './density.js'
import { onnx } from './onnx.js'
import { reference } from './reference.js'

export const attentionSampler: Operation = {
  name: 'attention_sampler',
  documentation: {
    summary:
      'Samples the image more densely where the attention map is strong: the whole image stays visible, its discriminative region enlarged.',
    details:
      'Along each side the density of a cell is the largest value of its row or column, as a share of all, 1 on average. What lies above `density` is cut and spread ' +
      'evenly, five times over. Output i of n is taken where the cumulative density reaches (i + 0.5) / n, bilinearly. Negative values count as 0; a map ' +
      'without a positive value gives the image at even steps. No gradient passes through the places.',
    source: "arXiv 1903.06150, equations 5 and 6; density 2: the authors' code",
  },
  arguments: [
    tensorArgument('image', 'what is sampled'),
    tensorArgument(
      'guide',
      'one map (height x width): mean(maps) keeps the structure, random_map(maps) shows a detail',
    ),
    {
      name: 'size',
      kind: { is: 'pair', from: 1 },
      default: null,
      meaning: "height and width of the result; the image's own when not given",
    },
    {
      name: 'density',
      kind: { is: 'number', from: 1 },
      default: 2,
      meaning: 'the largest enlargement along one side, about; 1 samples evenly',
      source: "the authors' code",
      varies: true,
    },
  ],
  typing: {
    infer(call) {
      const image = featureMap(call, 'image')
      if (!isSingleMap(call.type('guide')))
        return wrongRank(call, 'guide', 'one map (height x width), such as mean(maps)')
      return image && [mapOf(image.batch, image.channels, ...outputSize(call))]
    },
  },
  semantics: { stopsGradient: ['guide'] },
  lowering: {
    tfjs(call) {
      const [, height, width] = call.outputSizes()
      // One function may serve calls of several sizes: without a size it is the image's, when it runs.
      const size = call.value('size') === undefined ? undefined : source(`[${height}, ${width}]`)
      const options = call.options('density')
      const given = options === undefined ? size : (size ?? source('undefined'))
      return call.runtime('attentionSampler', call.input('image'), call.input('guide'), given, options)
    },
    pytorch: {
      expression: (call) =>
        pythonCall(
          call.helper(python.attention_sampler),
          call.input('image'),
          call.input('guide'),
          call.has('size') ? `size=(${call.pair('size').join(', ')})` : '',
          call.keyword('density'),
        ),
    },
    onnx,
  },
  reference,
  cases,
}
