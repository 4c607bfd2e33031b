import { Random } from '../../compiler/random.js'
import { outputShape, type Two, type WindowCase } from './reference.js'

const kernels: readonly Two[] = [
  [1, 1],
  [2, 2],
  [3, 3],
  [5, 5],
  [7, 7],
  [1, 3],
  [3, 1],
  [1, 7],
  [2, 3],
  [4, 4],
]
const strides: readonly Two[] = [
  [1, 1],
  [2, 2],
  [3, 3],
  [1, 2],
  [2, 1],
]
const sizes: readonly Two[] = [
  [1, 1],
  [2, 2],
  [3, 5],
  [6, 6],
  [7, 7],
  [8, 5],
  [13, 12],
  [16, 16],
  [33, 32],
  [48, 48],
]
const channelCounts = [1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 24, 32, 64] as const
const filterCounts = [1, 2, 3, 4, 7, 8, 9, 16, 17, 32, 64] as const
const batches = [1, 2, 3, 4] as const
const dilations: readonly Two[] = [
  [1, 1],
  [2, 2],
  [1, 3],
]

/** The maximum number of products of a case: larger ones take seconds in the reference. */
const mostProducts = 6e6

/** Yields all cases of the grid. */
function* everyCase(): Generator<WindowCase> {
  for (const kind of ['conv2d', 'depthwise', 'max_pool', 'avg_pool'] as const)
    for (const kernel of kernels)
      for (const stride of strides)
        for (const size of sizes)
          for (const padding of paddings(kind, kernel))
            for (const channels of channelCounts)
              for (const variant of variants(kind, kernel)) {
                const one = { kind, kernel, stride, size, padding, channels, batch: 1, ...variant }
                const [, rows, columns] = outputShape(one)
                if (rows > 0 && columns > 0) yield one
              }
}

function paddings(kind: WindowCase['kind'], kernel: Two): Two[] {
  const half: Two = [Math.floor(kernel[0] / 2), Math.floor(kernel[1] / 2)]
  const most: Two = kind === 'conv2d' || kind === 'depthwise' ? [kernel[0] + 1, kernel[1]] : half
  const all: Two[] = [[0, 0], half, [half[0], 0], [0, half[1]], most]
  return all.filter((one, index) => all.findIndex((other) => other.join() === one.join()) === index)
}

type Variant = Pick<WindowCase, 'filters' | 'dilation' | 'ceil' | 'countPadding'>

function variants(kind: WindowCase['kind'], kernel: Two): Variant[] {
  const plain = { filters: 1, dilation: [1, 1] as Two, ceil: false, countPadding: true }
  if (kind === 'max_pool') return [plain, { ...plain, ceil: true }]
  if (kind === 'avg_pool') return [plain, { ...plain, countPadding: false }]
  const counts = kind === 'conv2d' ? filterCounts : [1, 2]
  const spread = kernel[0] * kernel[1] === 1 ? dilations.slice(0, 1) : dilations
  return counts.flatMap((filters) => spread.map((dilation) => ({ ...plain, filters, dilation })))
}

function products(one: WindowCase): number {
  const outputs = outputShape(one).reduce((product, size) => product * size, 1)
  return outputs * one.kernel[0] * one.kernel[1] * (one.kind === 'conv2d' ? one.channels : 1)
}

/** Returns the grid, shuffled by a seed; each case has its own batch size. Cases of too many products are omitted. */
export function grid(seed: number): readonly WindowCase[] {
  const random = new Random(seed)
  const cases = [...everyCase()].map((one) => ({ ...one, batch: batches[random.integer(batches.length)] ?? 1 }))
  for (let i = cases.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const [a, b] = [cases[i], cases[j]]
    if (a && b) [cases[i], cases[j]] = [b, a]
  }
  return cases.filter((one) => products(one) <= mostProducts)
}
