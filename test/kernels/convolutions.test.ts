import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import test from 'ava'
import { conv2d, depthwiseConv2d } from '../../runtime/kernels/index.js'
import { expandPair, type Pair, type SpatialPair } from '../../runtime/kernels/pair.js'
import { slowConvolution, slowDepthwise } from './slow.js'
import { everywhere } from './support.js'

interface Convolution {
  readonly name: string
  readonly x: readonly [number, number, number, number]
  readonly kernel: SpatialPair
  /** Filters; for a depthwise one, filters a channel. */
  readonly filters: number
  readonly stride?: Pair
  readonly padding?: Pair
  readonly dilation?: Pair
  readonly bias?: boolean
}

const common: readonly Convolution[] = [
  { name: '3x3, padded', x: [2, 6, 7, 3], kernel: [3, 3], filters: 4, padding: 1 },
  { name: '3x3, unpadded, one image', x: [1, 5, 5, 2], kernel: [3, 3], filters: 3 },
  { name: '3x3, stride 2, padded, odd size', x: [2, 7, 9, 3], kernel: [3, 3], filters: 4, stride: 2, padding: 1 },
  { name: '3x3, stride 2, padded, even size', x: [2, 8, 6, 3], kernel: [3, 3], filters: 4, stride: 2, padding: 1 },
  { name: '3x3, stride 2, unused pixels', x: [1, 8, 8, 2], kernel: [3, 3], filters: 3, stride: 2 },
  { name: '5x5, stride 2, padded', x: [1, 9, 10, 2], kernel: [5, 5], filters: 2, stride: 2, padding: 2 },
  { name: '1x1', x: [2, 3, 5, 3], kernel: [1, 1], filters: 4 },
  { name: '1x1, stride 2', x: [2, 5, 6, 3], kernel: [1, 1], filters: 4, stride: 2 },
  { name: '1x1, padded', x: [1, 3, 3, 2], kernel: [1, 1], filters: 2, padding: 1 },
  { name: 'with a bias', x: [2, 4, 4, 2], kernel: [3, 3], filters: 3, padding: 1, bias: true },
  { name: 'dilated', x: [1, 9, 8, 2], kernel: [3, 3], filters: 3, padding: 2, dilation: 2 },
  {
    name: 'vertically dilated, stride 2',
    x: [1, 9, 9, 2],
    kernel: [3, 2],
    filters: 2,
    stride: 2,
    padding: [3, 0],
    dilation: [3, 1],
  },
  { name: 'on one pixel', x: [3, 1, 1, 2], kernel: [3, 3], filters: 2, padding: 1 },
]

const whole: readonly Convolution[] = [
  ...common,
  { name: '1x7', x: [2, 5, 8, 2], kernel: [1, 7], filters: 3, padding: [0, 3] },
  { name: '7x1', x: [2, 8, 5, 2], kernel: [7, 1], filters: 3, padding: [3, 0] },
  { name: '1x1, many channels', x: [2, 3, 3, 64], kernel: [1, 1], filters: 72 },
  { name: 'stride 2 in one direction', x: [1, 6, 7, 2], kernel: [3, 3], filters: 2, stride: [2, 1], padding: 1 },
  { name: '7x7, stride 2, padded', x: [1, 16, 15, 3], kernel: [7, 7], filters: 4, stride: 2, padding: 3 },
  // Sizes at which the native gradients select other algorithms.
  { name: '3x3, padded, many positions', x: [1, 33, 32, 4], kernel: [3, 3], filters: 5, padding: 1 },
  { name: '3x3, unpadded, many positions', x: [1, 35, 34, 3], kernel: [3, 3], filters: 4 },
  { name: '3x3, padded unevenly, many positions', x: [1, 33, 33, 4], kernel: [3, 3], filters: 5, padding: [1, 0] },
  { name: '3x3, twice the filters, many positions', x: [1, 33, 32, 16], kernel: [3, 3], filters: 32, padding: 1 },
  { name: '3x3, stride 2, some channels', x: [1, 9, 8, 16], kernel: [3, 3], filters: 8, stride: 2, padding: 1 },
  { name: '3x3, stride 2, many channels', x: [1, 5, 6, 128], kernel: [3, 3], filters: 4, stride: 2, padding: 1 },
  { name: '1x1, fewer filters, many positions', x: [1, 33, 32, 8], kernel: [1, 1], filters: 3 },
  { name: 'padding larger than the kernel reaches', x: [1, 4, 4, 2], kernel: [2, 2], filters: 2, padding: 2 },
]

const depthwise: readonly Convolution[] = [
  ...common.map((one) => ({ ...one, filters: 1 })),
  { name: 'two filters per channel', x: [2, 5, 6, 3], kernel: [3, 3], filters: 2, padding: 1 },
  { name: 'stride 2 in one direction', x: [1, 6, 7, 2], kernel: [3, 3], filters: 1, stride: [1, 2], padding: 1 },
  ...[5, 6, 7, 8].map((size) => ({
    name: `stride 3 on ${size}`,
    x: [2, size, size + 3, 2] as const,
    kernel: [3, 5] as const,
    filters: 1,
    stride: 3,
    padding: [1, 2] as const,
  })),
  { name: 'a stride above the filter', x: [2, 9, 10, 3], kernel: [2, 2], filters: 1, stride: 4 },
  { name: 'an even filter', x: [2, 7, 6, 3], kernel: [4, 2], filters: 1, stride: 2, padding: [2, 1] },
  { name: 'a wide filter', x: [1, 4, 20, 2], kernel: [3, 17], filters: 1, padding: [1, 8] },
]

function options(one: Convolution, bias: Tensor1D | undefined) {
  return {
    ...(bias === undefined ? {} : { bias }),
    ...(one.stride === undefined ? {} : { stride: one.stride }),
    ...(one.padding === undefined ? {} : { padding: one.padding }),
    ...(one.dilation === undefined ? {} : { dilation: one.dilation }),
  }
}

function windowOf(one: Convolution) {
  return {
    kernel: one.kernel,
    stride: expandPair(one.stride ?? 1),
    padding: expandPair(one.padding ?? 0),
    dilation: expandPair(one.dilation ?? 1),
  }
}

/** The native gradients select other algorithms with AVX-512; on a processor with it, both selections are tested. */
const instructionSets = ['DEFAULT', 'AVX2']

for (const [one, isa] of whole.flatMap((each) => instructionSets.map((set) => [each, set] as const)))
  test.serial(`convolution: ${one.name}; oneDNN's kernels: ${isa}`, (t) => {
    process.env.ONEDNN_MAX_CPU_ISA = isa
    return everywhere(t, {
      inputs: {
        x: one.x,
        weight: [...one.kernel, one.x[3], one.filters],
        ...(one.bias ? { bias: [one.filters] } : {}),
      },
      compute: ({ x, weight, bias }) =>
        conv2d(x as Tensor4D, weight as Tensor4D, options(one, bias as Tensor1D | undefined)),
      expected({ x, weight, bias }) {
        const { shape, value } = slowConvolution(x ?? [], one.x, weight ?? [], one.filters, windowOf(one))
        return { shape, value: value.map((number, i) => number + (bias?.[i % one.filters] ?? 0)) }
      },
    })
  })

for (const one of depthwise)
  test.serial(`depthwise convolution: ${one.name}`, (t) =>
    everywhere(t, {
      inputs: {
        x: one.x,
        weight: [...one.kernel, one.x[3], one.filters],
        ...(one.bias ? { bias: [one.x[3] * one.filters] } : {}),
      },
      compute: ({ x, weight, bias }) =>
        depthwiseConv2d(x as Tensor4D, weight as Tensor4D, options(one, bias as Tensor1D | undefined)),
      expected({ x, weight, bias }) {
        const { shape, value } = slowDepthwise(x ?? [], one.x, weight ?? [], one.filters, windowOf(one))
        return { shape, value: value.map((number, i) => number + (bias?.[i % (one.x[3] * one.filters)] ?? 0)) }
      },
    }),
  )
