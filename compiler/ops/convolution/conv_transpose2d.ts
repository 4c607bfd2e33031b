import { present } from '../../../grammar/present.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { convolutionAttributes } from '../support/onnx_windows.js'
import { featureMap, mapOf, mapSizes, sizeOf, sizeText, windowOf } from '../support/shapes.js'
import { at, sizes4, zeros } from '../support/tensor.js'
import { biasOf, moduleArguments, pair, windowArguments } from './convolution.js'

const channelsOf = (call: Typed) => sizeOf(call.type('x').shape, 1)

export const convTranspose2d: Operation = {
  name: 'conv_transpose2d',
  documentation: {
    summary: 'Applies a transposed 2D convolution, which enlarges feature maps by its stride.',
    formula: String.raw`y_{f,\; i s + u d - p,\; j s + v d - p} \mathrel{+}= w_{c,f,u,v}\; x_{c,i,j}`,
    details:
      'It computes the gradient that a convolution has for its input: each cell of x adds x[c, i, j] weight[c, f, u, v] to y[f, i stride + u dilation - padding, j stride + v dilation - padding]. The result has (height - 1) stride - 2 padding + dilation (kernel height - 1) + 1 + output_padding rows. Weights are initialised from a normal distribution with variance 2 stride height x stride width / (channels x kernel height x kernel width), biases with 0.',
    example: 'larger = conv_transpose2d(trunk.layer3, 32, 2, stride = 2)',
    source: 'torch.nn.ConvTranspose2d',
  },
  arguments: [
    tensorArgument('x', 'feature maps'),
    { name: 'filters', kind: { is: 'integer', from: 1 }, meaning: 'number of output channels', weightsOnly: true },
    ...windowArguments,
    {
      name: 'output_padding',
      kind: { is: 'pair', from: 0 },
      default: 0,
      meaning: 'rows and columns that the result has in addition; less than the stride, which ONNX Runtime requires',
      varies: true,
    },
  ],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      if (!x) return undefined
      const [stride, added] = [call.pair('stride'), call.pair('output_padding')]
      const fits = ([0, 1] as const).every((side) => added[side] < stride[side])
      if (!fits) {
        const values = {
          name: 'output_padding',
          value: sizeText(...added),
          range: 'less than the stride',
        }
        return call.fail('out-of-range', { ...values, advice: undefined })
      }
      const [height, width] = outputSizes(call, [x.height, x.width])
      if (height > 0 && width > 0) return [mapOf(x.batch, call.number('filters'), height, width)]
      const input = sizeText(x.channels, x.height, x.width)
      const values = { callee: 'conv_transpose2d', input, kernel: sizeText(...call.pair('kernel')) }
      return call.fail('empty-result', values, ['x'])
    },
    parameters(call) {
      const [height, width] = call.pair('kernel')
      const [down, right] = call.pair('stride')
      const filters = call.number('filters')
      const terms = (channelsOf(call) * height * width) / (down * right)
      const weight = {
        role: 'weight',
        shape: [channelsOf(call), filters, height, width],
        initializer: { kind: 'normal', deviation: Math.sqrt(2 / terms) } as const,
        trainable: true,
        tfjsLayout: [2, 3, 0, 1],
      }
      return [weight, ...biasOf(call, filters)]
    },
    multiplyAdds(call, [output]) {
      const [height, width] = call.pair('kernel')
      const [channels, inputHeight, inputWidth] = mapSizes(call.type('x'))
      const [filters] = mapSizes(present(output, 'the output'))
      return filters * channels * inputHeight * inputWidth * height * width
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) =>
      call.runtime(
        'convTranspose2d',
        call.input('x'),
        call.scope(),
        call.options('stride', 'padding', 'dilation', 'output_padding'),
      ),
    pytorch: {
      module: (call) => ({
        type: python.ConvTranspose2d,
        arguments: [
          { name: 'in_channels', value: channelsOf(call), positional: true, width: true },
          { name: 'out_channels', value: call.number('filters'), positional: true, width: true },
          ...moduleArguments(call),
          { name: 'output_padding', value: pair(call.pair('output_padding')), default: 0 },
        ],
      }),
      expression: (call) => call.module(call.input('x')),
    },
    onnx(call) {
      const bias = call.flag('bias') ? [call.parameter('bias')] : []
      return [
        call.add('ConvTranspose', [call.input('x'), call.parameter('weight'), ...bias], {
          ...convolutionAttributes(windowOf(call), 1),
          output_padding: [...call.pair('output_padding')],
        }),
      ]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const weight = call.parameter('weight')
    const [batch, channels, height, width] = sizes4(x)
    const [, filters, kernelHeight, kernelWidth] = sizes4(weight)
    const { stride, padding, dilation } = windowOf(call)
    const [high, wide] = outputSizes(call, [height, width])
    const out = zeros([batch, filters, high, wide])
    if (call.flag('bias'))
      out.data.forEach((_, index) => {
        out.data[index] = at(call.parameter('bias'), Math.floor(index / (high * wide)) % filters)
      })
    for (let b = 0; b < batch; b++)
      for (let c = 0; c < channels; c++)
        for (let i = 0; i < height; i++)
          for (let j = 0; j < width; j++)
            for (let f = 0; f < filters; f++)
              for (let u = 0; u < kernelHeight; u++)
                for (let v = 0; v < kernelWidth; v++) {
                  const row = i * stride[0] + u * dilation[0] - padding[0]
                  const column = j * stride[1] + v * dilation[1] - padding[1]
                  if (row < 0 || row >= high || column < 0 || column >= wide) continue
                  const place = ((b * filters + f) * high + row) * wide + column
                  const value = at(x, ((b * channels + c) * height + i) * width + j)
                  const factor = at(weight, ((c * filters + f) * kernelHeight + u) * kernelWidth + v)
                  out.data[place] = at(out, place) + value * factor
                }
    return [out]
  },
  cases: [
    {
      name: 'twice the size',
      inputs: { x: { shape: [2, 3, 2, 3], fill: 'random' } },
      arguments: { filters: 2, kernel: 2, stride: 2 },
    },
    {
      name: 'overlapping, padded, with more rows and columns',
      inputs: { x: { shape: [1, 2, 3, 2], fill: 'random' } },
      arguments: { filters: 3, kernel: 3, stride: 2, padding: 1, output_padding: 1, bias: false },
    },
    {
      name: 'dilated, not square',
      inputs: { x: { shape: [2, 2, 3, 3], fill: 'random' } },
      arguments: { filters: 2, kernel: [2, 3], stride: [1, 3], dilation: [2, 1], padding: [1, 0] },
    },
    {
      name: 'more padding than the kernel covers',
      inputs: { x: { shape: [1, 2, 5, 5], fill: 'random' } },
      arguments: { filters: 1, kernel: 1, stride: 2, padding: 2 },
    },
  ],
}

function outputSizes(call: Typed, sizes: readonly [number, number]): readonly [number, number] {
  const { kernel, stride, padding, dilation } = windowOf(call)
  const along = (side: 0 | 1) =>
    (sizes[side] - 1) * stride[side] -
    2 * padding[side] +
    dilation[side] * (kernel[side] - 1) +
    1 +
    call.pair('output_padding')[side]
  return [along(0), along(1)]
}
