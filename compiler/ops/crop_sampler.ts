import { elementAt } from '../../grammar/present.js'
import { callText as pythonCall } from '../targets/pytorch/lowering.js'
import type { Operation } from './operation.js'
import * as python from './python/index.js'
import { tensorArgument } from './support/arguments.js'
import type { Box } from './support/box.js'
import { boxOfMap, cellsOf } from './support/components.js'
import { boxesOnnx, cropOnnx } from './support/crop_onnx.js'
import { dimension, featureMap, floats, isSingleMap, sizeOf, wrongRank } from './support/shapes.js'
import { size, sizes4, type Tensor, tensor, zeros } from './support/tensor.js'
import { reader } from './support/windows.js'

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
    onnx(call) {
      const boxes = boxesOnnx(
        call,
        cellsOf(
          call.word('resolution'),
          [2, 3].map((axis) => sizeOf(call.type('image').shape, axis)),
          [1, 2].map((axis) => sizeOf(call.type('guide').shape, axis)),
        ),
      )
      return [cropOnnx(call, boxes), boxes]
    },
  },
  reference(call) {
    const image = call.tensor('image')
    const guide = call.tensor('guide')
    const [batch, height, width] = [size(guide, 0), size(guide, 1), size(guide, 2)]
    const random = call.random()
    const region = call.word('region') === 'all' ? 'all' : 'largest'
    const boxes = Array.from({ length: batch }, (_, b) => {
      const map = guide.data.subarray(b * height * width, (b + 1) * height * width)
      return boxOfMap(map, height, width, {
        threshold: call.draw('threshold', random),
        region,
        margin: call.number('margin'),
        cells: cellsOf(call.word('resolution'), image.shape.slice(2), [height, width]),
      })
    })
    return [crop(image, boxes), tensor([batch, 4], boxes.flat())]
  },
  cases: [
    {
      name: 'a box to the border, with rounding',
      inputs: {
        image: { shape: [1, 1, 107, 3], fill: 'positive' },
        guide: { shape: [1, 5, 1], fill: { values: [0, 1, 1, 1, 1] } },
      },
      arguments: { margin: 0.05, resolution: 'grid' },
      noGradient: true,
    },
    {
      name: 'two blobs, the larger one',
      inputs: {
        image: { shape: [1, 3, 8, 8], fill: 'random' },
        guide: { shape: [1, 4, 5], fill: { values: [9, 0, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 7, 8, 0, 0, 0, 0, 0, 4] } },
      },
      arguments: { resolution: 'grid', margin: 0 },
    },
    {
      name: 'all of what counts, with a margin',
      inputs: {
        image: { shape: [2, 1, 6, 7], fill: 'random' },
        guide: { shape: [2, 3, 3], fill: { values: [0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0] } },
      },
      arguments: { region: 'all', margin: 0.1, threshold: 0.5 },
    },
    {
      name: 'a map of zeros: the whole image',
      inputs: { image: { shape: [2, 3, 5, 4], fill: 'random' }, guide: { shape: [2, 3, 3], fill: 'zeros' } },
      noGradient: true,
    },
    {
      name: 'two of one size: the first in reading order',
      inputs: {
        image: { shape: [1, 1, 6, 6], fill: 'random' },
        guide: { shape: [1, 3, 4], fill: { values: [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0] } },
      },
      arguments: { resolution: 'grid', margin: 0 },
      noGradient: true,
    },
    {
      name: 'diagonal neighbours are one component',
      inputs: {
        image: { shape: [1, 2, 6, 6], fill: 'random' },
        guide: { shape: [1, 3, 3], fill: { values: [1, 0, 0, 0, 1, 0, 0, 0, 0.1] } },
      },
      arguments: { resolution: 'grid', margin: 0.05 },
      noGradient: true,
    },
    {
      name: 'random maps',
      inputs: { image: { shape: [3, 2, 7, 9], fill: 'random' }, guide: { shape: [3, 9, 9], fill: 'positive' } },
      arguments: { threshold: 0.6, margin: 0 },
      noGradient: true,
    },
    ...(['x2', 'x4', 'image'] as const).map((resolution) => ({
      name: `cut at ${resolution}`,
      inputs: {
        image: { shape: [3, 2, 19, 23], fill: 'random' as const },
        guide: { shape: [3, 5, 6], fill: 'positive' as const },
      },
      arguments: { resolution, threshold: 0.5 },
      noGradient: true,
    })),
    {
      name: 'a drawn threshold',
      inputs: { image: { shape: [3, 1, 5, 5], fill: 'random' }, guide: { shape: [3, 6, 6], fill: 'positive' } },
      arguments: { threshold: { kind: 'uniform', low: 0.4, high: 0.9 } },
      phase: 'training',
      noGradient: true,
    },
    {
      name: 'one cell, one pixel',
      inputs: { image: { shape: [1, 3, 1, 1], fill: 'random' }, guide: { shape: [1, 1, 1], fill: 'positive' } },
      noGradient: true,
    },
  ],
}

/** TensorFlow's cropAndResize, bilinear, to the image's own size. */
function crop(image: Tensor, boxes: readonly Box[]): Tensor {
  const [batch, channels, height, width] = sizes4(image)
  const read = reader(image)
  const out = zeros(image.shape)
  let index = 0
  for (let b = 0; b < batch; b++) {
    const [y1, x1, y2, x2] = elementAt(boxes, b)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) {
          const y = place(i, height, y1, y2)
          const x = place(j, width, x1, x2)
          const [top, left] = [Math.floor(y), Math.floor(x)]
          const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)]
          const along = (row: number) => read(b, c, row, left) * (1 - (x - left)) + read(b, c, row, right) * (x - left)
          out.data[index++] = along(top) * (1 - (y - top)) + along(bottom) * (y - top)
        }
  }
  return out
}

/** Where output pixel i lies in the image; a side of one pixel takes the middle of the box. */
function place(i: number, length: number, from: number, to: number): number {
  const at =
    length > 1
      ? from * (length - 1) + (i * (to - from) * (length - 1)) / (length - 1)
      : 0.5 * (from + to) * (length - 1)
  return Math.min(length - 1, Math.max(0, at))
}
