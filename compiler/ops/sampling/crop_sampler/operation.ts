import type { Operation } from '../../operation.js'
import * as python from '../../python/index.js'
import { tensorArgument } from '../../support/arguments.js'
import { guideArgument } from '../../support/guide.js'
import { dimension, featureMap, floats, isSingleMap, wrongRank } from '../../support/shapes.js'
import { cases } from './cases.js'
import { onnx } from './onnx.js'
import { reference } from './reference.js'

export const cropSampler: Operation = {
  name: 'crop_sampler',
  documentation: {
    summary: 'Crops the region where the attention map is strong, and resizes it to the size of the image.',
    formula: String.raw`M = \{(i, j) : G_{i,j} \ge \theta \max G\}, \qquad \text{crop} = \text{resize}(\text{image}[\operatorname{box}(M)])`,
    details:
      "Cells of the map at or above threshold x its maximum are kept. The bounding box of their largest connected component (8-connectivity), or of all of them, is enlarged by a margin, cut from the image, and resized bilinearly with aligned corners (TensorFlow's cropAndResize): y = y1 (H - 1) + i (y2 - y1) (H - 1) / (h - 1). Of two components of equal size, the first in row-major order is selected. A map without positive values gives the whole image. No gradient flows through the box.",
    example:
      'crop = crop_sampler(image, guide = mean(master.attention), threshold = training ? uniform(40%, 60%) : 20%)\nbranch part = master(crop)',
    source:
      'Zhou et al. 2016 (CAM), section 3.2: 20 %, largest component; margin and drawn thresholds: the official WS-DAN code',
  },
  arguments: [
    tensorArgument('image', 'the image to crop'),
    { ...guideArgument('one map (height x width), such as mean(attention)'), unlikely: 'enlarged' },
    {
      name: 'threshold',
      kind: { is: 'number or uniform', from: 0, to: 1 },
      default: 0.2,
      meaning: "fraction of the map's maximum at which a cell is kept; uniform(40%, 60%) draws one per image",
      source: 'Zhou et al. 2016',
      advice: 'a fraction of the maximum, from 0% to 100%; 20% is usual',
      varies: true,
    },
    {
      name: 'region',
      kind: { is: 'word', words: ['largest', 'all'] },
      default: 'largest',
      meaning: 'the largest connected component, or all cells that are kept',
      source: 'Zhou et al. 2016; WS-DAN takes all',
    },
    {
      name: 'margin',
      kind: { is: 'number', from: 0, to: 1 },
      default: 0.05,
      meaning: 'fraction of the image added to the box on every side',
      source: 'WS-DAN, evaluation',
      advice: 'a fraction of the image, such as 5%',
      varies: true,
    },
    {
      name: 'resolution',
      kind: { is: 'word', words: ['grid', 'x2', 'x4', 'image'] },
      default: 'x2',
      meaning:
        'the grid on which the guide is thresholded: its own, or after bilinear upsampling by two, by four, or to the size of the image',
      source:
        'image: Zhou et al. 2016 and the official WS-DAN code; x2: the best IoU of the four on the sample birds, as fast as grid',
    },
  ],
  outputs: ['image', 'box'],
  typing: {
    infer(call) {
      const image = featureMap(call, 'image')
      if (!image) return undefined
      if (!isSingleMap(call.type('guide')))
        return wrongRank(call, 'guide', 'one map (height x width), such as mean(attention)')
      return [call.type('image'), floats([image.batch, dimension('box', 4)])]
    },
  },
  semantics: {
    crop: { boxes: 1, guide: 'guide' },
    stopsGradient: ['guide'],
  },
  lowering: {
    tfjs: (call) =>
      call.runtime(
        'cropSampler',
        call.input('image'),
        call.input('guide'),
        call.at,
        call.options('threshold', 'region', 'margin', 'resolution'),
      ),
    pytorch: {
      expression: (call) =>
        call.helper(
          python.crop_sampler,
          call.input('image'),
          call.input('guide'),
          call.keyword('threshold'),
          call.keyword('region'),
          call.keyword('margin'),
          call.keyword('resolution'),
          call.trainingFor('threshold'),
        ),
    },
    onnx,
  },
  reference,
  cases,
}
