import { callText as pythonCall } from '../../../targets/pytorch/lowering.js'
import type { Operation } from '../../operation.js'
import * as python from '../../python/index.js'
import { tensorArgument } from '../../support/arguments.js'
import { dimension, featureMap, floats, isSingleMap, wrongRank } from '../../support/shapes.js'
import { cases } from './cases.js'
import { onnx } from './onnx.js'
import { reference } from './reference.js'

export const cropSampler: Operation = {
  name: 'crop_sampler',
  documentation: {
    summary: 'Cuts out what the attention map points at, and enlarges it to the size of the image.',
    details:
      'Cells of the map at or above threshold x its maximum are kept; the box around their largest connected component (8 neighbours) or around all of them, ' +
      "with a margin, is cut from the image and resized by bilinear interpolation with aligned corners (TensorFlow's cropAndResize): " +
      'y = y1 (H - 1) + i (y2 - y1) (H - 1) / (h - 1). Of two components of one size the one that begins first in reading order is taken. ' +
      'A map without a positive value gives the whole image. No gradient passes through the box.',
    source:
      'Zhou et al. 2016 (CAM), section 3.2: 20 %, largest component; margin and drawn thresholds: the official WS-DAN code',
  },
  arguments: [
    tensorArgument('image', 'what is cut'),
    { ...tensorArgument('guide', 'one map (height x width), such as mean(attention)'), unlikely: 'enlarged' },
    {
      name: 'threshold',
      kind: { is: 'number or uniform', from: 0, to: 1 },
      default: 0.2,
      meaning: "share of the map's maximum from which a cell counts; uniform(40%, 60%) draws one for each image",
      source: 'Zhou et al. 2016',
      advice: 'a share of the maximum, from 0% to 100%; 20% is usual',
      varies: true,
    },
    {
      name: 'region',
      kind: { is: 'word', words: ['largest', 'all'] },
      default: 'largest',
      meaning: 'the largest connected component, or all cells that count',
      source: 'Zhou et al. 2016; WS-DAN takes all',
    },
    {
      name: 'margin',
      kind: { is: 'number', from: 0, to: 1 },
      default: 0.05,
      meaning: 'share of the image added to the box on every side',
      source: 'WS-DAN, evaluation',
      advice: 'a share of the image, such as 5%',
      varies: true,
    },
    {
      name: 'resolution',
      kind: { is: 'word', words: ['grid', 'x2', 'x4', 'image'] },
      default: 'x2',
      meaning:
        "where the threshold is taken: on the guide's own cells, or on the guide enlarged (bilinear) two or four times, or to the size of the image",
      source:
        'image: Zhou et al. 2016 and the official WS-DAN code; x2: of the four the best overlap with the true boxes of the sample birds, at no more time than grid',
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
        pythonCall(
          call.helper(python.crop_sampler),
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
