import * as tf from '@tensorflow/tfjs-core'
import * as z from 'zod'

const shape4 = z.tuple([z.number(), z.number(), z.number(), z.number()])
const two = z.union([z.number(), z.tuple([z.number(), z.number()])])
const padding = z.union([z.literal('valid'), z.literal('same'), z.number(), z.array(z.tuple([z.number(), z.number()]))])

/** The attributes of a sliding window, as TensorFlow.js passes them to kernels. */
const attributes = z.object({
  strides: two,
  pad: padding,
  dilations: two.nullish(),
  dimRoundingMode: z.enum(['floor', 'round', 'ceil']).nullish(),
  dataFormat: z.string().optional(),
  filterSize: two.optional(),
  inputShape: shape4.optional(),
  filterShape: shape4.optional(),
})

export type Shape4 = [number, number, number, number]

export interface WindowInfo {
  readonly stride: readonly [number, number]
  readonly top: number
  readonly left: number
  readonly outHeight: number
  readonly outWidth: number
}

export function parseWindow(given: unknown) {
  const parsed = attributes.parse(given)
  if (parsed.dataFormat !== undefined && parsed.dataFormat !== 'NHWC')
    throw new Error(`WebAssembly computes NHWC, not ${parsed.dataFormat}`)
  return parsed
}

export function convolutionInfo(
  x: Shape4,
  filter: Shape4,
  given: ReturnType<typeof parseWindow>,
  depthwise: boolean,
): WindowInfo {
  return windowInfo(
    tf.backend_util.computeConv2DInfo(
      x,
      filter,
      given.strides,
      given.dilations ?? 1,
      parsePadding(given),
      given.dimRoundingMode ?? undefined,
      depthwise,
    ),
  )
}

export function poolInfo(
  x: Shape4,
  given: ReturnType<typeof parseWindow>,
): WindowInfo & { kernel: readonly [number, number] } {
  const info = tf.backend_util.computePool2DInfo(
    x,
    given.filterSize ?? 1,
    given.strides,
    1,
    parsePadding(given),
    given.dimRoundingMode ?? undefined,
  )
  return { ...windowInfo(info), kernel: [info.filterHeight, info.filterWidth] }
}

function parsePadding(
  given: ReturnType<typeof parseWindow>,
): 'valid' | 'same' | number | tf.backend_util.ExplicitPadding {
  const { pad } = given
  if (!Array.isArray(pad)) return pad
  const [batch = [0, 0], rows = [0, 0], columns = [0, 0], channels = [0, 0]] = pad
  return [batch, rows, columns, channels]
}

function windowInfo(info: tf.backend_util.Conv2DInfo): WindowInfo {
  return {
    stride: [info.strideHeight, info.strideWidth],
    top: info.padInfo.top,
    left: info.padInfo.left,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
  }
}
