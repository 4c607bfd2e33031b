import { keyword, literal } from '../../../targets/pytorch/expression.js'
import { source } from '../../../targets/tfjs/expression.js'
import type { Operation } from '../../operation.js'
import * as python from '../../python/index.js'
import { tensorArgument } from '../../support/arguments.js'
import { guideArgument } from '../../support/guide.js'
import { featureMap, isSingleMap, mapOf, wrongRank } from '../../support/shapes.js'
import { cases } from './cases.js'
import { outputSize } from './density.js'
import { onnx } from './onnx.js'
import { reference } from './reference.js'

export const attentionSampler: Operation = {
  name: 'attention_sampler',
  documentation: {
    summary:
      'Resamples the image with a higher density where the attention map is strong: the whole image remains visible, and its discriminative region is magnified.',
    details:
      "Along each axis, the density of a cell is the largest value of its row or column, normalised to a mean of 1. Values above `density` are clipped once and the excess is distributed evenly. With axes = balanced, values above the smaller of both maxima are clipped in the same way, five times in all, so that neither axis is stretched much more than the other. Output i of n is sampled bilinearly where the cumulative density reaches (i + 0.5) / n. Negative values count as 0; a map without positive values gives uniform sampling. No gradient flows through the sampling positions. The density is constant within a cell of the guide; the authors' code first enlarges the map to the size of the image, and squares the mean map: guide = square(resize(mean(maps), size = 448)).",
    example: 'detail = attention_sampler(image, guide = mean(master.attention), size = 64)',
    source: "arXiv 1903.06150, equations 5 and 6, which have no bound; density 4 and balanced axes: the authors' code",
  },
  arguments: [
    tensorArgument('image', 'the image to sample from'),
    guideArgument('one map (height x width): mean(maps) preserves the structure, random_map(maps) magnifies a detail'),
    {
      name: 'size',
      kind: { is: 'pair', from: 1 },
      default: null,
      meaning: 'height and width of the result; by default those of the image',
    },
    {
      name: 'density',
      kind: { is: 'number', from: 1 },
      default: 4,
      meaning: 'approximate upper bound of the magnification along one axis; 1 samples uniformly',
      source: "the authors' code",
      varies: true,
    },
    {
      name: 'axes',
      kind: { is: 'word', words: ['balanced', 'independent'] },
      default: 'balanced',
      meaning: 'whether both axes are limited to the smaller of their largest densities, or each only by `density`',
      source: "balanced: the authors' code; independent: the paper",
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
      // One function may serve calls with several sizes: the default size is the image's at run time.
      const size = call.value('size') === undefined ? undefined : source(`[${height}, ${width}]`)
      const options = call.options('density', 'axes')
      const given = options === undefined ? size : (size ?? source('undefined'))
      return call.runtime('attentionSampler', call.input('image'), call.input('guide'), given, options)
    },
    pytorch: {
      expression: (call) =>
        call.helper(
          python.attention_sampler,
          call.input('image'),
          call.input('guide'),
          call.has('size') ? keyword('size', literal(call.pair('size'))) : undefined,
          call.keyword('density'),
          call.keyword('axes'),
        ),
    },
    onnx,
  },
  reference,
  cases,
}
