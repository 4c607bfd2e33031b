import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addonFolder } from '../../runtime/engines/addon.js'
import type { NativeAttribute } from '../../runtime/engines/native_parts.js'
import { attribute } from '../../runtime/kernels/native/execute.js'

export interface Input {
  readonly shape: readonly number[]
  readonly type: 'float32' | 'int32' | 'bool'
  /** By default random for every call: output shapes must not depend on them. */
  readonly values?: readonly number[]
}

export interface ShapeCase {
  readonly operation: string
  readonly attributes: readonly NativeAttribute[]
  readonly inputs: readonly Input[]
  readonly outputs: number
}

/** Reads the shape cache's table: for each operation, the indices of the inputs whose values determine output shapes (-1 for the last). */
export function table(): ReadonlyMap<string, readonly number[]> {
  const text = readFileSync(join(addonFolder(), 'shape_cache.cc'), 'utf8')
  const entries = text.matchAll(/\{"(\w+)", \{([^}]*)\}\}/g)
  const indices = (list: string) =>
    list === '' ? [] : list.split(',').map((index) => (index.trim() === 'kLast' ? -1 : Number(index)))
  return new Map([...entries].map(([, name = '', list = '']) => [name, indices(list)]))
}

const float = (...shape: number[]): Input => ({ shape, type: 'float32' })
const bool = (...shape: number[]): Input => ({ shape, type: 'bool' })
const whole = (value: number): Input => ({ shape: [], type: 'int32', values: [value] })
const wholes = (...values: number[]): Input => ({ shape: [values.length], type: 'int32', values })
const table2 = (rows: readonly (readonly number[])[], columns = 2): Input => ({
  shape: [rows.length, columns],
  type: 'int32',
  values: rows.flat(),
})
const { flag, int, ints, text, type, float: number } = attribute

function of(operation: string, attributes: NativeAttribute[], inputs: Input[], outputs = 1): ShapeCase {
  return { operation, attributes, inputs, outputs }
}

const shapes: readonly (readonly number[])[] = [
  [],
  [0],
  [1],
  [3],
  [2, 3],
  [1, 3],
  [0, 3],
  [2, 1, 3],
  [2, 0, 3],
  [2, 3, 1, 3],
  [1, 1, 1, 1],
  [1, 2, 2, 1, 3],
]
const broadcasts: readonly (readonly [readonly number[], readonly number[]])[] = [
  ...shapes.map((shape) => [shape, shape] as const),
  ...shapes.flatMap((shape) => [[shape, []] as const, [[], shape] as const]),
  ...shapes.flatMap((shape) => [[shape, [1]] as const, [[1, 1], shape] as const]),
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [2, 3, 1, 3],
    [4, 1],
  ],
  [[0, 3], [3]],
  [[4, 1, 1], [0]],
]

const unary =
  'Abs Ceil Cos Elu Erf Exp Expm1 Floor Identity IsFinite IsInf IsNan LeakyRelu Log Log1p Neg OnesLike Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Softplus Sqrt Square Tanh ZerosLike L2Loss'
const binary =
  'Add AddV2 Div DivNoNan FloorDiv FloorMod Maximum Minimum Mod Mul Pow RealDiv SquaredDifference Sub Equal Greater GreaterEqual Less LessEqual NotEqual'

function* elementwise(): Generator<ShapeCase> {
  for (const shape of shapes) {
    for (const name of unary.split(' ')) yield of(name, [], [float(...shape)])
    yield of('LogicalNot', [], [bool(...shape)])
    for (const to of ['float32', 'int32'] as const) {
      for (const input of [float(...shape), bool(...shape)]) yield of('Cast', [type('DstT', to)], [input])
      yield of('ZerosLike', [type('T', to)], [{ shape, type: to }])
    }
    for (const name of ['EluGrad', 'ReluGrad', 'Relu6Grad']) yield of(name, [], [float(...shape), float(...shape)])
    yield of('ClipByValue', [], [float(...shape), float(), float()])
    for (const count of [1, 2, 3])
      yield of(
        'AddN',
        [int('N', count), type('T', 'float32')],
        Array.from({ length: count }, () => float(...shape)),
      )
    yield of('Select', [], [bool(...shape), float(...shape), float(...shape)])
    for (const name of ['Softmax', 'LogSoftmax']) yield of(name, [], [float(...shape)])
    yield of('BiasAdd', [text('data_format', 'NHWC')], [float(...shape), float(shape.at(-1) ?? 1)])
  }
  for (const [a, b] of broadcasts) {
    for (const name of binary.split(' ')) yield of(name, [], [float(...a), float(...b)])
    for (const name of ['LogicalAnd', 'LogicalOr']) yield of(name, [], [bool(...a), bool(...b)])
    yield of('SelectV2', [], [bool(...a), float(...b), float()])
    yield of('SelectV2', [], [bool(), float(...a), float(...b)])
  }
}

function* products(): Generator<ShapeCase> {
  for (const [m, k, n] of [
    [1, 1, 1],
    [2, 3, 4],
    [0, 3, 2],
    [3, 0, 2],
    [17, 5, 1],
  ] as const)
    for (const a of [false, true])
      for (const b of [false, true]) {
        const [left, right] = [a ? [k, m] : [m, k], b ? [n, k] : [k, n]]
        yield of('MatMul', [flag('transpose_a', a), flag('transpose_b', b)], [float(...left), float(...right)])
        for (const [before, beside] of [
          [[], []],
          [[2], [2]],
          [[2], [1]],
          [[3, 1], [2]],
          [[0], [1]],
        ] as const)
          yield of(
            'BatchMatMulV2',
            [flag('adj_x', a), flag('adj_y', b)],
            [float(...before, ...left), float(...beside, ...right)],
          )
      }
}

interface Window {
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  readonly padding: 'SAME' | 'VALID' | 'EXPLICIT'
  readonly size: readonly [number, number]
}

const explicitPadding = [1, 0, 2, 1] as const

function* windows(): Generator<Window> {
  for (const padding of ['SAME', 'VALID', 'EXPLICIT'] as const)
    for (const kernel of [
      [1, 1],
      [2, 3],
      [3, 3],
      [5, 1],
    ] as const)
      for (const stride of [
        [1, 1],
        [2, 2],
        [3, 1],
      ] as const)
        for (const dilation of [
          [1, 1],
          [2, 1],
        ] as const)
          for (const size of [
            [1, 1],
            [5, 4],
            [7, 7],
            [9, 6],
          ] as const)
            yield { padding, kernel, stride, dilation, size }
}

function outputSize({ kernel, stride, dilation, padding, size }: Window): number[] {
  return [0, 1].map((side) => {
    const at = side as 0 | 1
    if (padding === 'SAME') return Math.ceil(size[at] / stride[at])
    const more = padding === 'EXPLICIT' ? (explicitPadding[2 * side] ?? 0) + (explicitPadding[2 * side + 1] ?? 0) : 0
    return Math.floor((size[at] + more - (kernel[at] - 1) * dilation[at] - 1) / stride[at]) + 1
  })
}

function* layers(): Generator<ShapeCase> {
  for (const one of windows()) {
    const result = outputSize(one)
    if (result.some((size) => size < 1)) continue
    const { kernel, stride, dilation, padding, size } = one
    const common = [
      ints('strides', [1, ...stride, 1]),
      text('padding', padding),
      ...(padding === 'EXPLICIT' ? [ints('explicit_paddings', [0, 0, ...explicitPadding, 0, 0])] : []),
    ]
    const spread = [...common, ints('dilations', [1, ...dilation, 1])]
    for (const [batch, channels, filters] of [
      [1, 1, 1],
      [2, 3, 5],
    ] as const) {
      const x = [batch, ...size, channels]
      const deep = { w: [...kernel, channels, filters], y: [batch, ...result, filters] }
      yield of('Conv2D', spread, [float(...x), float(...deep.w)])
      yield of('Conv2DBackpropInput', spread, [wholes(...x), float(...deep.w), float(...deep.y)])
      // oneDNN's kernel for these writes past the end of a buffer; wsban avoids it (runtime/kernels/native/convolution.ts).
      const overruns = Math.max(...kernel) === 1 && Math.max(...stride) > 1
      if (!overruns) yield of('Conv2DBackpropFilter', spread, [float(...x), wholes(...deep.w), float(...deep.y)])
      // TensorFlow's depthwise kernels require equal strides; oneDNN's read past the end of their buffers if a 1x1 filter has a stride.
      if (stride[0] === stride[1] && !overruns) {
        const flat = { w: [...kernel, channels, 2], y: [batch, ...result, channels * 2] }
        const name = 'DepthwiseConv2dNative'
        yield of(name, spread, [float(...x), float(...flat.w)])
        yield of(`${name}BackpropInput`, spread, [wholes(...x), float(...flat.w), float(...flat.y)])
        yield of(`${name}BackpropFilter`, spread, [float(...x), wholes(...flat.w), float(...flat.y)])
      }
      if (dilation[0] > 1) continue
      const pool = [...common, ints('ksize', [1, ...kernel, 1])]
      const y = float(batch, ...result, channels)
      yield of('MaxPool', pool, [float(...x)])
      yield of('MaxPoolGrad', pool, [float(...x), y, y])
      if (padding === 'EXPLICIT') continue
      yield of('AvgPool', pool, [float(...x)])
      yield of('AvgPoolGrad', pool, [wholes(...x), y])
      const custom = [ints('kernel', kernel), ints('stride', stride), ints('padding', [0, 0])]
      if (padding === 'VALID') yield of('WsbanMaxPoolGrad', custom, [float(...x), y, y])
    }
  }
}

function* imagesAndNorms(): Generator<ShapeCase> {
  for (const [batch, height, width, channels] of [
    [1, 1, 1, 1],
    [2, 5, 4, 3],
    [3, 8, 8, 17],
  ] as const) {
    const x = float(batch, height, width, channels)
    const of1 = float(channels)
    for (const size of [
      [1, 1],
      [3, 4],
      [9, 2],
    ] as const) {
      const small = float(batch, ...size, channels)
      for (const count of [0, 1, 3])
        yield of(
          'CropAndResize',
          [],
          [x, float(count, 4), { shape: [count], type: 'int32', values: Array(count).fill(0) }, wholes(...size)],
        )
      for (const centers of [false, true]) {
        const how = [flag('half_pixel_centers', centers)]
        yield of('ResizeBilinear', how, [x, wholes(...size)])
        yield of('ResizeNearestNeighbor', how, [x, wholes(...size)])
        yield of('ResizeBilinearGrad', how, [small, x])
        yield of('ResizeNearestNeighborGrad', how, [small, wholes(height, width)])
      }
    }
    for (const training of [true, false]) {
      const how = [flag('is_training', training)]
      const averages = training ? [float(0), float(0)] : [of1, of1]
      yield of('FusedBatchNormV3', how, [x, of1, of1, ...averages], 6)
      yield of('FusedBatchNormGradV3', how, [x, x, of1, of1, of1, of1], 5)
    }
    for (const activation of ['none', 'silu']) {
      const how = [number('eps', 1e-3), number('momentum', 0.1), text('activation', activation)]
      yield of('WsbanBatchNorm', how, [x, of1, of1, of1, of1], 5)
      yield of('WsbanBatchNormGrad', how.slice(2), [x, x, of1, of1, of1, of1], 3)
    }
    const window = [ints('kernel', [3, 2]), ints('stride', [2, 1]), ints('padding', [1, 1])]
    yield of('WsbanDepthwiseWeightGrad', window, [x, float(batch, Math.ceil(height / 2), width + 1, channels)])
  }
  for (const shape of shapes) {
    const one = float(...shape)
    const channels = shape.at(-1)
    if (channels !== undefined) {
      const row = float(channels)
      const statistic = float(shape.slice(0, -1).reduce((product, size) => product * size, 1))
      yield of('WsbanLayerNorm', [number('eps', 1e-3)], [one, row, row], 3)
      yield of('WsbanLayerNormGrad', [], [one, one, row, statistic, statistic], 3)
    }
    for (const tanh of [false, true]) {
      yield of('WsbanGelu', [flag('tanh', tanh)], [one])
      yield of('WsbanGeluGrad', [flag('tanh', tanh)], [one, one])
    }
    yield of('WsbanSilu', [], [one])
    yield of('WsbanSiluGrad', [], [one, one])
    yield of('WsbanMomentumStep', [], [one, one, one, float(3)], 2)
    yield of('WsbanAdamStep', [], [one, one, one, one, float(6)], 3)
  }
}

function* attention(): Generator<ShapeCase> {
  const how = [int('heads', 2), number('scale', 0.5)]
  for (const outer of [[1], [2], [0], [2, 3]])
    for (const [queries, keys, features, values] of [
      [1, 1, 1, 1],
      [3, 5, 4, 2],
    ] as const)
      for (const bias of [[0], [...outer, 2, queries, keys], [...outer.map(() => 1), 1, 1, keys]]) {
        const q = float(...outer, queries, 2 * features)
        const k = float(...outer, keys, 2 * features)
        const v = float(...outer, keys, 2 * values)
        const statistic = float(outer.reduce((product, size) => product * size, 2 * queries))
        yield of('WsbanAttention', how, [q, k, v, float(...bias)], 3)
        const dout = float(...outer, queries, 2 * values)
        yield of('WsbanAttentionGrad', how, [dout, q, k, v, float(...bias), statistic, statistic], 4)
      }
}

function* reductions(): Generator<ShapeCase> {
  for (const shape of shapes) {
    const axes = shape.map((_, axis) => axis)
    const choices = [wholes(), wholes(...axes), ...axes.flatMap((axis) => [whole(axis), wholes(axis - shape.length)])]
    if (axes.length > 2) choices.push(wholes(0, 2), wholes(-1, 0))
    for (const chosen of choices)
      for (const keep of [false, true]) {
        const how = [flag('keep_dims', keep)]
        for (const name of ['Max', 'Mean', 'Min', 'Prod', 'Sum']) yield of(name, how, [float(...shape), chosen])
        for (const name of ['All', 'Any']) yield of(name, how, [bool(...shape), chosen])
      }
    for (const axis of axes) {
      for (const name of ['ArgMax', 'ArgMin'])
        for (const place of [axis, axis - shape.length])
          yield of(name, [type('output_type', 'int32')], [float(...shape), whole(place)])
      for (const back of [false, true])
        yield of('Cumsum', [flag('exclusive', back), flag('reverse', back)], [float(...shape), whole(axis)])
    }
    for (const k of [0, 1, 2, 3]) if ((shape.at(-1) ?? 0) >= k) yield of('TopKV2', [], [float(...shape), whole(k)], 2)
    for (const count of [1, 4])
      for (const rank of [1, 2])
        if (shape.length >= rank) {
          const ids = shape.slice(0, rank)
          const values = Array(ids.reduce((product, size) => product * size, 1)).fill(0)
          yield of('UnsortedSegmentSum', [], [float(...shape), { shape: ids, type: 'int32', values }, whole(count)])
        }
  }
}

function* dataMovement(): Generator<ShapeCase> {
  for (const shape of shapes) {
    const rank = shape.length
    const axes = shape.map((_, axis) => axis)
    const x = float(...shape)
    const count = shape.reduce((product, size) => product * size, 1)
    for (const target of [shape, [2, ...shape], [4, 1, ...shape]]) yield of('BroadcastTo', [], [x, wholes(...target)])
    for (const axis of [...axes, rank, -1]) yield of('ExpandDims', [], [x, whole(axis)])
    yield of('Fill', [], [wholes(...shape), float()])
    yield of('Fill', [], [wholes(...shape), whole(3)])
    for (const target of [[-1], [1, -1], [count], shape, [1, ...shape, 1]])
      if (count > 0 || !target.includes(-1)) yield of('Reshape', [], [x, wholes(...target)])
    for (const axis of [...axes, -1]) {
      if (rank === 0) break
      for (const n of [1, 2, 3]) {
        const several = [int('N', n), type('T', 'float32')]
        const list = Array.from({ length: n }, () => x)
        yield of('ConcatV2', [...several, type('Tidx', 'int32')], [...list, whole(axis)])
        yield of('Pack', [...several, int('axis', axis)], list)
      }
      const length = shape.at(axis) ?? 1
      for (const n of [1, 2, 3]) if (length % n === 0) yield of('Split', [int('num_split', n)], [whole(axis), x], n)
      for (const sizes of [[length], [0, length], [-1, length], [1, -1]])
        if (length > 0)
          yield of('SplitV', [int('num_split', sizes.length)], [x, wholes(...sizes), whole(axis)], sizes.length)
      if (length > 0) yield of('Unpack', [int('num', length), int('axis', axis), type('T', 'float32')], [x], length)
      for (const places of [[0], [0, 0, 0], []])
        if (length > 0) yield of('GatherV2', [], [x, wholes(...places), whole(axis)])
      if (length > 0) yield of('GatherV2', [], [x, { shape: [2, 1], type: 'int32', values: [0, 0] }, whole(axis)])
      yield of('ReverseV2', [], [x, wholes(axis)])
    }
    const around = axes.map((axis) => [axis % 2, 1])
    if (rank > 0) {
      yield of('Pad', [], [x, table2(around)])
      yield of('Pad', [], [x, table2(around.map(() => [0, 2]))])
      yield of('PadV2', [], [x, table2(around), float()])
      for (const mode of ['REFLECT', 'SYMMETRIC'])
        if (shape.every((size) => size > 1)) yield of('MirrorPad', [text('mode', mode)], [x, table2(around)])
      for (const sizes of [shape, shape.map((size) => Math.min(1, size)), shape.map(() => -1)])
        yield of('Slice', [], [x, wholes(...axes.map(() => 0)), wholes(...sizes)])
      yield of('Tile', [], [x, wholes(...axes.map((axis) => axis % 3))])
      yield of('Tile', [], [x, wholes(...axes.map((axis) => (axis % 2) + 1))])
      yield of('Transpose', [], [x, wholes(...axes.toReversed())])
      yield of('Transpose', [], [x, wholes(...axes.slice(1), 0)])
      const ends = shape.map((size) => size)
      for (const [masks, strides] of [
        [{}, 1],
        [{ begin_mask: 1, end_mask: 1 }, 2],
        [{ shrink_axis_mask: 1 }, 1],
        [{ new_axis_mask: 1 }, 1],
        [{ ellipsis_mask: 1 }, 1],
        [{ begin_mask: 7, end_mask: 7 }, -1],
      ] as const)
        if (count > 0)
          yield of(
            'StridedSlice',
            Object.entries(masks).map(([name, value]) => int(name, value)),
            [x, wholes(...axes.map(() => 0)), wholes(...ends), wholes(...axes.map(() => strides))],
          )
      if ((shape[0] ?? 0) > 0) {
        yield of('GatherNd', [], [x, { shape: [2, 1], type: 'int32', values: [0, 0] }])
        yield of('GatherNd', [], [x, { shape: [1, 3, 1], type: 'int32', values: [0, 0, 0] }])
        for (const operation of ['TensorScatterUpdate', 'TensorScatterAdd'])
          yield of(operation, [], [x, table2([[0]], 1), float(1, ...shape.slice(1))])
        yield of('ScatterNd', [], [table2([[0]], 1), float(1, ...shape.slice(1)), wholes(...shape)])
      }
    }
    yield of('Squeeze', [ints('squeeze_dims', [])], [x])
    const ones = axes.filter((axis) => shape[axis] === 1)
    if (ones.length > 0) yield of('Squeeze', [ints('squeeze_dims', ones.slice(0, 1))], [x])
    for (const depth of [0, 1, 5])
      for (const axis of [-1, 0])
        yield of('OneHot', [int('axis', axis)], [{ shape, type: 'int32' }, whole(depth), float(), float()])
  }
  for (const [start, limit, delta] of [
    [0, 5, 1],
    [0, 0, 1],
    [5, -2, -3],
    [2, 9, 4],
  ] as const) {
    yield of('Range', [], [whole(start), whole(limit), whole(delta)])
    const real = (value: number): Input => ({ shape: [], type: 'float32', values: [value] })
    yield of('Range', [], [real(start), real(limit), real(delta)])
  }
}

/** A grid of calls that covers every operation of the table. */
export function* shapeCases(): Generator<ShapeCase> {
  yield* elementwise()
  yield* products()
  yield* layers()
  yield* imagesAndNorms()
  yield* attention()
  yield* reductions()
  yield* dataMovement()
}
