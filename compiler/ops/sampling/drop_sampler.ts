import { elementAt } from '../../../grammar/present.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { guideArgument } from '../support/guide.js'
import { interpolate } from '../support/interpolate.js'
import { resizeLastAxes } from '../support/onnx_sampling.js'
import { featureMap, isSingleMap, mapSizes, sizeOf, wrongRank } from '../support/shapes.js'
import { at, map, size, sizes4 } from '../support/tensor.js'

export const dropSampler: Operation = {
  name: 'drop_sampler',
  documentation: {
    summary: 'Masks out the region where the attention map is strong, so that the model has to use other regions.',
    formula: String.raw`y_{c,i,j} = x_{c,i,j}\,[\,G_{i,j} < \theta \max G\,]`,
    details:
      'The map is upsampled to the size of the image (bilinear, half-pixel centres). Pixels below threshold x its maximum are kept, all others become 0. A map without positive values masks nothing. No gradient flows through the mask.',
    example:
      'drop = drop_sampler(image, guide = random_map(master.attention), threshold = uniform(20%, 50%))\nbranch dropped = master(drop)',
    source: 'arXiv 1901.09891, section 3.3, attention drop; drawn thresholds: the official WS-DAN code',
  },
  arguments: [
    tensorArgument('image', 'the image to mask'),
    { ...guideArgument('one map (height x width), such as random_map(attention)'), unlikely: 'enlarged' },
    {
      name: 'threshold',
      kind: { is: 'number or uniform', from: 0, to: 1 },
      default: 0.5,
      meaning:
        "fraction of the upsampled map's maximum at which a pixel is masked; uniform(20%, 50%) draws one per image",
      source: 'WS-DAN draws from 20 to 50 %',
      advice: 'a fraction of the maximum, from 0% to 100%',
      varies: true,
    },
  ],
  typing: {
    infer(call) {
      const image = featureMap(call, 'image')
      if (!isSingleMap(call.type('guide')))
        return wrongRank(call, 'guide', 'one map (height x width), such as random_map(attention)')
      return image && [call.type('image')]
    },
  },
  semantics: { stopsGradient: ['guide'] },
  lowering: {
    tfjs: (call) =>
      call.runtime('dropSampler', call.input('image'), call.input('guide'), call.at, call.options('threshold')),
    pytorch: {
      expression: (call) =>
        call.helper(
          python.drop_sampler,
          call.input('image'),
          call.input('guide'),
          call.keyword('threshold'),
          call.trainingFor('threshold'),
        ),
    },
    onnx(call) {
      const [, height, width] = mapSizes(call.type('image'))
      const { shape } = call.type('guide')
      const planes = call.add('Unsqueeze', [call.input('guide'), call.int64([1])], {}, 'plane')
      const from = [sizeOf(shape, 1), sizeOf(shape, 2)] as const
      const large = resizeLastAxes(call, planes, { rank: 4, from, to: [height, width], step: 'enlarged' })
      const largest = call.add('ReduceMax', [large, call.int64([1, 2, 3])], { keepdims: 1 }, 'largest')
      const cut = call.add('Mul', [largest, call.float(call.number('threshold'))], {}, 'cut')
      const below = call.add('Less', [large, cut], {}, 'below')
      const flat = call.add('LessOrEqual', [largest, call.float(0)], {}, 'flat')
      const kept = call.cast(call.add('Or', [below, flat], {}, 'kept'), 'float', 'mask')
      return [call.add('Mul', [call.input('image'), kept])]
    },
  },
  reference(call) {
    const image = call.tensor('image')
    const guide = call.tensor('guide')
    const [, channels, height, width] = sizes4(image)
    const random = call.random()
    const masks = Array.from({ length: size(guide, 0) }, (_, b) => {
      const large = interpolate((y, x) => at(guide, (b * size(guide, 1) + y) * size(guide, 2) + x), {
        from: [size(guide, 1), size(guide, 2)],
        to: [height, width],
      })
      const largest = Math.max(...large)
      const cut = largest * call.draw('threshold', random)
      return large.map((value) => (largest <= 0 || value < cut ? 1 : 0))
    })
    const area = height * width
    return [
      map(
        image,
        (value, index) => value * elementAt(elementAt(masks, Math.floor(index / (area * channels))), index % area),
      ),
    ]
  },
  cases: [
    {
      name: 'one bright cell',
      inputs: {
        image: { shape: [2, 3, 6, 6], fill: 'random' },
        guide: { shape: [2, 3, 3], fill: { values: [0, 0, 0, 0, 1, 0, 0, 0, 0, 0.9, 0, 0, 0, 0, 0, 0, 0, 0.1] } },
      },
    },
    {
      name: 'a map of zeros drops nothing',
      inputs: { image: { shape: [1, 3, 4, 5], fill: 'random' }, guide: { shape: [1, 2, 2], fill: 'zeros' } },
    },
    {
      name: 'a drawn threshold',
      inputs: { image: { shape: [3, 2, 7, 5], fill: 'random' }, guide: { shape: [3, 3, 4], fill: 'positive' } },
      arguments: { threshold: { kind: 'uniform', low: 0.2, high: 0.9 } },
      phase: 'training',
    },
  ],
}
