import { keyword, literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import {
  dilationArgument,
  kernelArgument,
  paddingArgument,
  strideArgument,
  tensorArgument,
} from '../support/arguments.js'
import { dimension, featureMap, floats, numbered, sizeOf, slide, windowCount, windowOf } from '../support/shapes.js'
import { at, sizes4, zeros } from '../support/tensor.js'

export const unfold: Operation = {
  name: 'unfold',
  documentation: {
    summary: 'Extracts the values under each place of a sliding window, as columns.',
    details:
      'y[c kernel height kernel width + u kernel width + v, i output width + j] = x[c, i stride + u dilation - padding, j stride + v dilation - padding], and 0 in the padding.',
    example: 'patches = unfold(trunk.layer3, 2, stride = 2)',
    source: 'torch.nn.functional.unfold',
  },
  arguments: [
    tensorArgument('x', 'feature maps'),
    { ...kernelArgument, varies: false },
    { ...strideArgument, varies: false },
    { ...paddingArgument, varies: false },
    { ...dilationArgument, varies: false },
  ],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      const places = x && slide(call, 'unfold', x)
      if (!places) return undefined
      const [height, width] = call.pair('kernel')
      const rows = x.channels * height * width
      return [floats([x.batch, dimension(numbered(0), rows), dimension(numbered(1), places[0] * places[1])])]
    },
  },
  lowering: {
    layout: 'channels first',
    tfjs(call) {
      const { rows, columns, padding } = indicesOf(call)
      const lists = [rows, columns].map((one) => `[${one.map((list) => `[${list.join(', ')}]`).join(', ')}]`)
      return call.runtime('unfold', call.input('x'), ...lists.map(source), source(`[${padding.join(', ')}]`))
    },
    pytorch: {
      underAutocast: 'as it comes',
      expression(call) {
        const { kernel, stride, padding, dilation } = windowOf(call)
        const pair = (name: string, value: readonly [number, number], standard: number) =>
          value.every((side) => side === standard) ? undefined : keyword(name, literal(value))
        return call.torch(
          'F.unfold',
          call.input('x'),
          literal(kernel),
          pair('dilation', dilation, 1),
          pair('padding', padding, 0),
          pair('stride', stride, 1),
        )
      },
    },
    onnx(call) {
      const {
        rows,
        columns,
        padding: [vertical, horizontal],
      } = indicesOf(call)
      const sides = [0, 0, vertical, horizontal]
      const padded =
        vertical + horizontal === 0
          ? call.input('x')
          : call.add('Pad', [call.input('x'), call.int64([...sides, ...sides])], {}, 'padded')
      const gathered = (value: string, indices: readonly (readonly number[])[], axis: number, step: string) =>
        call.add(
          'Gather',
          [value, call.int64(indices.flat(), [indices.length, indices[0]?.length ?? 0])],
          { axis },
          step,
        )
      const windows = gathered(gathered(padded, rows, 2, 'rows'), columns, 4, 'columns')
      const order = call.add('Transpose', [windows], { perm: [0, 1, 2, 4, 3, 5] }, 'order')
      const [, values = 0, places = 0] = call.outputSizes()
      return [call.add('Reshape', [order, call.int64([0, values, places])])]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const [batch, channels, height, width] = sizes4(x)
    const { rows, columns, padding } = indicesOf(call)
    const [kernelHeight, kernelWidth] = [rows.length, columns.length]
    const [high, wide] = [rows[0]?.length ?? 0, columns[0]?.length ?? 0]
    const out = zeros([batch, channels * kernelHeight * kernelWidth, high * wide])
    let place = 0
    for (let plane = 0; plane < batch * channels; plane++)
      for (const row of rows)
        for (const column of columns)
          for (const y of row)
            for (const z of column) {
              const [i, j] = [y - padding[0], z - padding[1]]
              const inside = i >= 0 && i < height && j >= 0 && j < width
              out.data[place++] = inside ? at(x, (plane * height + i) * width + j) : 0
            }
    return [out]
  },
  cases: [
    { name: 'patches', inputs: { x: { shape: [2, 3, 4, 6], fill: 'random' } }, arguments: { kernel: 2, stride: 2 } },
    {
      name: 'overlapping, padded',
      inputs: { x: { shape: [2, 2, 3, 4], fill: 'random' } },
      arguments: { kernel: 3, padding: 1 },
    },
    {
      name: 'dilated, not square',
      inputs: { x: { shape: [1, 2, 5, 6], fill: 'random' } },
      arguments: { kernel: [2, 3], stride: [1, 2], padding: [0, 2], dilation: 2 },
    },
  ],
}

/** For each cell of the kernel, its rows (or columns) in the padded maps at each window position. */
function indicesOf(call: Typed) {
  const window = windowOf(call)
  const { kernel, stride, padding, dilation } = window
  const along = (side: 0 | 1) => {
    const places = windowCount(sizeOf(call.type('x').shape, 2 + side), window, side)
    return Array.from({ length: kernel[side] }, (_, cell) =>
      Array.from({ length: places }, (_, place) => place * stride[side] + cell * dilation[side]),
    )
  }
  return { rows: along(0), columns: along(1), padding }
}
