import type { OnnxStep } from './setting_spec.js'

/** An image step that resizes to a square. */
interface Resizing {
  readonly step: OnnxStep
  /** Height and width of the result, in pixels. */
  readonly size: number
  readonly filter: Filter
}

type Filter = 'bilinear' | 'bicubic'

/** Half the width of each filter, in pixels of the smaller of the two images. */
const reaches: Readonly<Record<Filter, number>> = { bilinear: 1, bicubic: 2 }

/**
 * Adds the nodes of the antialiased resize of `resizeImage` (runtime/images/resize.ts); returns the name of the result, float32
 * [batch, 3, size, size].
 */
export function resizeOnnx(resizing: Resizing): string {
  const { step, filter } = resizing
  const resize = step.resize === 'products' ? byProducts : byOperator
  if (filter === 'bilinear') return resize(resizing)
  // A cubic filter overshoots at edges.
  return step.add('Clip', [resize(resizing, 'resized'), step.builder.floats(0), step.builder.floats(255)])
}

/** Not every runtime supports `antialias`, and some ignore it silently. */
function byOperator({ step, size, filter }: Resizing, output?: string): string {
  const attributes = {
    mode: filter === 'bicubic' ? 'cubic' : 'linear',
    ...(filter === 'bicubic' && { cubic_coeff_a: { float: -0.5 } }),
    antialias: 1,
    exclude_outside: 1,
    coordinate_transformation_mode: 'half_pixel',
    axes: [2, 3],
  }
  return step.add('Resize', [step.channelsFirst(), '', '', step.builder.integers([size, size])], output, attributes)
}

/** Rows first, since an image is stored row by row; then columns. Each resizes the second axis and makes it the last. */
function byProducts(resizing: Resizing, output?: string): string {
  const { step, size } = resizing
  const { name, element } = step.channelsLast()
  const rows = alongSecondAxis(name, element, { ...resizing, side: 'rows', last: 3, output: 'rows' })
  return alongSecondAxis(rows, 'float', { ...resizing, side: 'columns', third: 3, last: size, output })
}

interface Side extends Resizing {
  readonly side: 'rows' | 'columns'
  /** Size of the third axis; absent if it is known only when the file runs. */
  readonly third?: number
  readonly last: number
  /** The name of the result within the step; that of the step if undefined. */
  readonly output: string | undefined
}

/**
 * Output pixels that share one product. Each product reads the input pixels below the filters of its group: with larger groups it
 * multiplies more zeros, with smaller ones more input pixels are read twice. With 16, a photo of 12 megapixels takes as long as with Resize.
 */
const groupSize = 16

/**
 * Resizes the second axis of [batch, length, p, q] from a length that is known only when the file runs; returns [batch, p, q, size].
 *
 * Input pixel i and output pixel o have their centres at (i + 0.5) / length and (o + 0.5) / size. In units of 1 / (2 length size) their
 * distance is the integer (2 i + 1) size - (2 o + 1) length, so that integers find windows and distances without rounding, whatever
 * the sizes. In the same units one pixel of the smaller image is 2 max(length, size).
 */
function alongSecondAxis(
  input: string,
  element: 'uint8' | 'float',
  { step, size, filter, side, third, last, output }: Side,
): string {
  const { builder } = step
  const add: NamedAdd = (operator, inputs, name, attributes) =>
    step.add(operator, inputs, `${side}/${name}`, attributes)
  const int = (values: number | readonly number[], shape?: readonly number[]) => builder.integers(values, shape)
  const toFloat = (value: string, name: string) => add('Cast', [value], name, { to: { element: 'float' } })

  const inGroup = Math.min(groupSize, size)
  const groups = Math.ceil(size / inGroup)
  // The last group may have too many: they repeat the last output pixel, and are cut off at the end.
  const centres = Array.from({ length: groups * inGroup }, (_, o) => 2 * Math.min(o, size - 1) + 1)
  const firstCentres = centres.filter((_, o) => o % inGroup === 0)

  const length = add('Shape', [input], 'length', { start: 1, end: 2 })
  const pixel = add('Mul', [add('Max', [length, int([size])], 'larger'), int([2])], 'pixel')
  const reach = add('Mul', [pixel, int([reaches[filter]])], 'reach')

  // The input pixels that each group reads: `count` from `first` on, all within the image.
  const apart = add('Mul', [length, int([inGroup - 1])], 'centres_apart')
  const span = add('Add', [add('Add', [apart, reach], 'span'), int([size - 1])], 'span_rounded_up')
  const count = add(
    'Min',
    [add('Add', [add('Div', [span, int([size])], 'in_span'), int([1])], 'wanted'), length],
    'count',
  )
  const from = add('Sub', [add('Mul', [int(firstCentres, [groups, 1]), length], 'first_centres'), reach], 'from')
  const within = add('Div', [add('Max', [from, int([0])], 'from_inside'), int([2 * size])], 'first_wanted')
  const first = add('Min', [within, add('Sub', [length, count], 'last_first')], 'first')
  const offsets = add('Range', [int(0), add('Squeeze', [count], 'count_number'), int(1)], 'offsets')
  const window = add('Add', [first, offsets], 'window')

  const twice = add('Add', [add('Mul', [window, int([2])], 'twice'), int([1])], 'odd')
  const inputs = add(
    'Unsqueeze',
    [add('Mul', [twice, int([size])], 'input_centres'), int([1])],
    'input_centres_of_groups',
  )
  const outputs = add('Mul', [int(centres, [groups, inGroup, 1]), length], 'output_centres')
  const difference = add('Sub', [inputs, outputs], 'difference')
  // One pixel for each difference: WebGPU in onnxruntime-web (1.30) divides rows and columns by the same number if it has only one.
  const pixels = add('Add', [add('Mul', [difference, int([0])], 'no_difference'), pixel], 'pixels')
  const distance = add(
    'Div',
    [add('Abs', [toFloat(difference, 'difference_float')], 'distance'), toFloat(pixels, 'pixels_float')],
    'distance_in_pixels',
  )
  const weights = filterOnnx(distance, filter, step, add)
  const sums = add('ReduceSum', [weights, int([2])], 'sums', { keepdims: 1 })
  const matrix = add('Div', [weights, sums], 'matrix')

  // A size of -1 is ambiguous for a batch without images, and ONNX Runtime (`ReshapeFusion`) makes the only computed size -1: so there are two.
  const batch = add('Shape', [input], 'batch', { start: 0, end: 1 })
  const width = third === undefined ? add('Shape', [input], 'third', { start: 2, end: 3 }) : int([third])
  const row = add('Mul', [width, int([last])], 'row')
  const flat = add('Reshape', [input, add('Concat', [batch, length, row], 'flat_shape', { axis: 0 })], 'flat')
  const gathered = add('Gather', [flat, window], 'gathered', { axis: 1 })
  // ONNX Runtime's MatMul does not broadcast to a batch without images.
  const each = add('Concat', [batch, int([1, 1, 1])], 'matrices_shape', { axis: 0 })
  const matrices = add('Expand', [matrix, each], 'matrices')
  const product = add('MatMul', [matrices, element === 'float' ? gathered : toFloat(gathered, 'float')], 'product')
  const shape = add('Concat', [batch, int([groups * inGroup]), width, int([last])], 'resized_shape', { axis: 0 })
  const resized = add('Reshape', [product, shape], 'resized')
  const kept =
    groups * inGroup === size ? resized : add('Slice', [resized, int([0]), int([size]), int([1])], 'without_repeats')
  return step.add('Transpose', [kept], output, { perm: [0, 2, 3, 1] })
}

/** Adds a node with a name. */
type NamedAdd = (
  operator: string,
  inputs: readonly string[],
  name: string,
  attributes?: Parameters<OnnxStep['add']>[3],
) => string

/** The filter's weights at a distance of zero or more, without a condition: each piece is a polynomial of what is left to its end. */
function filterOnnx(distance: string, filter: Filter, { builder }: OnnxStep, add: NamedAdd): string {
  const left = (reach: number, name: string) =>
    add('Relu', [add('Sub', [builder.floats(reach), distance], `${name}_or_less`)], name)
  const one = left(1, 'to_one')
  if (filter === 'bilinear') return one
  // Keys 1981, equation 4, with a = -0.5. With q = 2 - x it is q^2 (q - 1) / 2 from 1 to 2; below 1, p^2 (1 - 2 p) is added, with p = 1 - x.
  const two = left(2, 'to_two')
  const cube = (value: string, factor: string, name: string) =>
    add('Mul', [add('Mul', [value, value], `${name}_squared`), factor], name)
  const outer = add('Sub', [add('Mul', [two, builder.floats(0.5)], 'half'), builder.floats(0.5)], 'outer_factor')
  const inner = add('Sub', [builder.floats(1), add('Add', [one, one], 'doubled')], 'inner_factor')
  return add('Add', [cube(two, outer, 'outer'), cube(one, inner, 'inner')], 'weights')
}
