import { elementAt } from '../../../grammar/present.js'
import type { Positions } from '../../graph/graph.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Inference, Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { withBatchAxis } from '../support/broadcasting.js'
import { dimension, floats, mostAxes, numbered } from '../support/shapes.js'

export const parameter: Operation = {
  name: 'parameter',
  documentation: {
    summary:
      'Makes a learned tensor that all images share: a class token, a position embedding, the factors of a layer scale.',
    details:
      'Its name in a checkpoint is that of the binding alone. Beside a tensor of the images it broadcasts, or is repeated for each of them.',
    example: 'gamma  = parameter([96, 1, 1], value = 1e-6)\nscaled = trunk.layer3 * gamma',
    source: 'torch.nn.Parameter',
  },
  arguments: [
    { name: 'shape', kind: { is: 'integers' }, meaning: 'the sizes without the batch' },
    { name: 'value', kind: { is: 'number' }, default: 0, meaning: 'the initial value everywhere', weightsOnly: true },
    {
      name: 'deviation',
      kind: { is: 'number', from: 0 },
      default: 0,
      meaning:
        'standard deviation of initial values that are drawn from a normal distribution around 0, in place of `value`; 0 for none',
      weightsOnly: true,
    },
    {
      name: 'batch_axis',
      kind: { is: 'boolean' },
      default: false,
      meaning:
        'whether the stored weight begins with an axis of size 1 for the batch, as position embeddings of timm do',
    },
    {
      name: 'grid',
      kind: { is: 'pair', from: 1 },
      default: null,
      meaning:
        'for a position embedding, the cells [height, width] of its rows: a checkpoint with another square grid is resized when it is loaded',
      source: 'resample_abs_pos_embed of timm',
      weightsOnly: true,
    },
    {
      name: 'prefix',
      kind: { is: 'integer', from: 0 },
      default: 0,
      meaning: 'rows of a position embedding before those of the grid, such as that of a class token',
      weightsOnly: true,
    },
  ],
  typing: {
    infer(call) {
      if (!gridFits(call)) return undefined
      const shape = call.integers('shape')
      if (shape.length === 0 || shape.length > mostAxes || shape.some((size) => size < 1)) {
        const range = `from 1 to ${mostAxes} sizes of at least 1`
        return call.fail('out-of-range', { name: 'shape', value: `[${shape.join(', ')}]`, range, advice: undefined })
      }
      if (call.number('deviation') > 0 && call.number('value') !== 0) return twoInitialValues(call)
      return [
        floats([dimension('batch', 1), ...shape.map((size, index) => dimension(axisName(shape.length, index), size))]),
      ]
    },
    parameters(call) {
      const deviation = call.number('deviation')
      const initializer =
        deviation > 0
          ? ({ kind: 'normal', deviation } as const)
          : ({ kind: 'constant', value: call.number('value') } as const)
      const spec = { role: '', shape: storedShape(call), initializer, trainable: true } as const
      return [call.has('grid') ? { ...spec, positions: positionsOf(call) } : spec]
    },
  },
  lowering: {
    layout: 'channels first',
    inline: true,
    tfjs: (call) => (call.flag('batch_axis') ? call.weight() : call.tf('expandDims', call.weight(), source('0'))),
    pytorch: {
      underAutocast: 'float32',
      module: (call) => ({
        type: python.parameter,
        isParameter: true,
        arguments: [
          ...storedShape(call).map(
            (value, axis) => ({ name: `size_${axis}`, value, positional: true, width: true }) as const,
          ),
          { name: 'value', value: call.number('value'), default: 0 },
          { name: 'deviation', value: call.number('deviation'), default: 0 },
        ],
      }),
      expression: (call) => (call.flag('batch_axis') ? call.weight() : withBatchAxis(call.weight())),
    },
    onnx(call) {
      const weight = call.parameter('')
      return [call.flag('batch_axis') ? weight : call.add('Unsqueeze', [weight, call.int64([0])], {}, 'batch')]
    },
  },
  reference: (call) => {
    const { shape, data } = call.parameter('')
    return [{ shape: call.flag('batch_axis') ? shape : [1, ...shape], data }]
  },
  cases: [
    { name: 'a vector', inputs: {}, arguments: { shape: [4], value: 1 } },
    { name: 'a class token', inputs: {}, arguments: { shape: [1, 3], deviation: 0.02, batch_axis: true } },
    { name: 'maps', inputs: {}, arguments: { shape: [2, 3, 4] } },
    {
      name: 'a position embedding',
      inputs: {},
      arguments: { shape: [5, 2], deviation: 0.02, batch_axis: true, grid: 2, prefix: 1 },
    },
  ],
}

function storedShape(call: Typed): readonly number[] {
  const shape = call.integers('shape')
  return call.flag('batch_axis') ? [1, ...shape] : shape
}

function axisName(rank: number, index: number): string {
  if (rank === 3) return elementAt(['channels', 'height', 'width'], index)
  return rank === 1 ? 'features' : numbered(index)
}

function twoInitialValues(call: Inference): undefined {
  const value = String(call.number('value'))
  return call.fail('out-of-range', {
    name: 'value',
    value,
    range: '0 beside a deviation',
    advice: 'give one of the two',
  })
}

function positionsOf(call: Typed): Positions {
  return { grid: call.pair('grid'), prefix: call.number('prefix') }
}

/** Reports a grid that does not make up the rows of the embedding. */
function gridFits(call: Inference): boolean {
  if (!call.has('grid')) return true
  const { grid, prefix } = positionsOf(call)
  const rows = call.integers('shape').at(-2)
  if (rows === prefix + grid[0] * grid[1]) return true
  const range = rows === undefined ? 'left out for a row' : `cells that are, with the prefix, ${rows} rows`
  call.fail('out-of-range', { name: 'grid', value: grid.join(' x '), range, advice: undefined })
  return false
}
