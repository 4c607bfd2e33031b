import { present } from '../../../grammar/present.js'
import { type Dimension, type Shape, shapeText, type TensorType } from '../../graph/graph.js'
import type { Inference, Typed } from '../call.js'

export function floats(shape: Shape): TensorType {
  return { element: 'float', shape }
}

/** Tensors have at most this many axes beside the batch. */
export const mostAxes = 5

export function dimension(name: string, size: number | undefined): Dimension {
  return { name, size }
}

/** Returns the name of an axis that has only a number. */
export function numbered(index: number): string {
  return `axis ${index}`
}

/** The type of a tensor that all images share, from its sizes without the batch. */
export function sharedType(sizes: readonly number[]): TensorType {
  const name = (index: number) => (sizes.length === 1 ? 'features' : numbered(index))
  return floats([dimension('batch', 1), ...sizes.map((size, index) => dimension(name(index), size))])
}

/** One number: a loss. */
export const scalar: TensorType = floats([])

export interface FeatureMap {
  readonly batch: Dimension
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly shape: Shape
}

/** Returns the argument as [batch, channels, height, width]; reports other shapes. */
export function featureMap(call: Inference, argument: string): FeatureMap | undefined {
  const type = call.type(argument)
  const [batch, channels, height, width] = type.shape
  if (
    type.element === 'float' &&
    type.shape.length === 4 &&
    batch &&
    channels?.size !== undefined &&
    height?.size !== undefined &&
    width?.size !== undefined
  )
    return { batch, channels: channels.size, height: height.size, width: width.size, shape: type.shape }
  return wrongRank(call, argument, 'feature maps (channels x height x width)')
}

/** Whether it is one map for each image: [batch, height, width]. */
export function isSingleMap({ element, shape }: TensorType): boolean {
  return element === 'float' && shape.length === 3
}

/** The argument as rows: [batch, columns]. */
export function rowsOf(call: Inference, argument: string): { batch: Dimension; columns: Dimension } | undefined {
  const type = call.type(argument)
  const [batch, columns] = type.shape
  if (type.element === 'float' && type.shape.length === 2 && batch && columns) return { batch, columns }
  return wrongRank(call, argument, 'one row of numbers for each image')
}

export function labelOf(call: Inference, argument: string): true | undefined {
  return call.type(argument).element === 'label' ? true : wrongRank(call, argument, 'a class label')
}

export function classesOf(label: TensorType): number {
  return present(label.classes, "a label's number of classes")
}

export function wrongRank(call: Inference, argument: string, expected: string): undefined {
  return call.fail('wrong-rank', { name: argument, expected, found: shapeText(call.type(argument)) }, [argument])
}

export function sizeOf(shape: Shape, index: number): number {
  return present(shape[index]?.size, 'the size of a dimension')
}

/** Of feature maps: [batch, channels, height, width]. */
export function mapSizes({ shape }: TensorType): readonly [channels: number, height: number, width: number] {
  return [sizeOf(shape, 1), sizeOf(shape, 2), sizeOf(shape, 3)]
}

/** Elements of one image's part of the tensor. */
export function elementsPerImage(type: TensorType): number {
  return type.shape.reduce((product, { size }) => product * (size ?? 1), 1)
}

/** All dimensions but the batch, as `768 x 26 x 26`. */
export function sizeText(...sizes: readonly number[]): string {
  return sizes.join(' x ')
}

export function sameShape(a: TensorType, b: TensorType): boolean {
  return a.shape.length === b.shape.length && a.shape.every((d, i) => d.size === b.shape[i]?.size)
}

export interface Window {
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: readonly [number, number]
  readonly dilation: readonly [number, number]
}

export function windowOf(call: Typed): Window {
  const kernel = call.pair('kernel')
  return {
    kernel,
    stride: call.has('stride') ? call.pair('stride') : kernel,
    padding: call.pair('padding'),
    dilation: call.has('dilation') ? call.pair('dilation') : [1, 1],
  }
}

/** The number of window positions along one axis (torch.nn.Conv2d's formula); with `ceil`, a window that begins inside counts, too. */
export function windowCount(size: number, window: Window, side: 0 | 1, ceil = false): number {
  const span = window.dilation[side] * (window.kernel[side] - 1) + 1
  const room = size + 2 * window.padding[side] - span
  const stride = window.stride[side]
  if (room < 0) return 0
  const count = (ceil ? Math.ceil : Math.floor)(room / stride) + 1
  // torch: the last window must begin inside the input or its leading padding.
  return ceil && (count - 1) * stride >= size + window.padding[side] ? count - 1 : count
}

/** The feature map's size after a sliding window; reports one that leaves nothing. */
export function slide(
  call: Inference,
  callee: string,
  input: FeatureMap,
  ceil = false,
): readonly [number, number] | undefined {
  const window = windowOf(call)
  const height = windowCount(input.height, window, 0, ceil)
  const width = windowCount(input.width, window, 1, ceil)
  if (height > 0 && width > 0) return [height, width]
  const values = {
    callee,
    input: sizeText(input.channels, input.height, input.width),
    kernel: sizeText(...window.kernel),
  }
  return call.fail('empty-result', values, ['x'])
}

/** As `slide`, for a pool: no window may lie in the padding alone. */
export function slidePool(
  call: Inference,
  callee: string,
  input: FeatureMap,
  ceil = false,
): readonly [number, number] | undefined {
  const { kernel, padding } = windowOf(call)
  if (padding[0] <= Math.floor(kernel[0] / 2) && padding[1] <= Math.floor(kernel[1] / 2))
    return slide(call, callee, input, ceil)
  return call.fail('padding-too-large', { callee, kernel: sizeText(...kernel), padding: sizeText(...padding) })
}

/** How many cells the last window reaches beyond the padded border, when the number of windows is rounded up. */
export function overhang(size: number, window: Window, side: 0 | 1, ceil: boolean): number {
  const span = window.dilation[side] * (window.kernel[side] - 1) + 1
  const end = (windowCount(size, window, side, ceil) - 1) * window.stride[side] + span
  return Math.max(0, end - size - 2 * window.padding[side])
}

export function mapOf(batch: Dimension, channels: number, height: number, width: number): TensorType {
  return floats([batch, dimension('channels', channels), dimension('height', height), dimension('width', width)])
}
