import test from 'ava'
import onnxProto from 'onnx-proto'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { keyOf, Random } from '../../compiler/random.js'
import { preprocess } from '../../compiler/targets/onnx/preprocess.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { OnnxProgramBuilder } from '../../compiler/targets/onnx/program_builder.js'
import { defaultResize, type ResizeLowering, resizeLowerings } from '../../compiler/targets/onnx/resize_lowering.js'
import { withWholeSizes } from '../../compiler/targets/onnx/resize_sizes.js'
import { elementAt } from '../../grammar/present.js'
import { type Interpolation, resizeImage } from '../../runtime/images/resize.js'
import { channelsFirst } from '../../runtime/inference/channels_first.js'
import { sessionOf } from '../support/onnx_program.js'

const { onnx } = onnxProto

function noise(width: number, height: number) {
  const random = new Random(keyOf('noise', width, height))
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) }
}

/** uint8 [B, H, W, 3] -> Transpose -> Cast -> Resize -> float [B, 3, size, size], as an exported model begins. */
function resizeModel(interpolation: Interpolation): Uint8Array {
  const { TensorProto, AttributeProto, ModelProto } = onnx
  const attribute = (name: string, value: number | number[] | string) =>
    Array.isArray(value)
      ? { name, type: AttributeProto.AttributeType.INTS, ints: value }
      : typeof value === 'string'
        ? { name, type: AttributeProto.AttributeType.STRING, s: new TextEncoder().encode(value) }
        : Number.isInteger(value)
          ? { name, type: AttributeProto.AttributeType.INT, i: value }
          : { name, type: AttributeProto.AttributeType.FLOAT, f: value }
  const value = (name: string, elemType: number, dims: readonly (string | number)[]) => ({
    name,
    type: {
      tensorType: {
        elemType,
        shape: { dim: dims.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d })) },
      },
    },
  })
  const model = ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 18 }],
    graph: {
      name: 'resize',
      input: [
        value('image', TensorProto.DataType.UINT8, ['batch', 'height', 'width', 3]),
        value('sizes', TensorProto.DataType.INT64, [2]),
      ],
      output: [value('resized', TensorProto.DataType.FLOAT, ['batch', 3, 'h', 'w'])],
      node: [
        { opType: 'Transpose', input: ['image'], output: ['first'], attribute: [attribute('perm', [0, 3, 1, 2])] },
        {
          opType: 'Cast',
          input: ['first'],
          output: ['float'],
          attribute: [attribute('to', TensorProto.DataType.FLOAT)],
        },
        {
          opType: 'Resize',
          input: ['float', '', '', 'sizes'],
          output: ['unclamped'],
          attribute: [
            attribute('axes', [2, 3]),
            attribute('antialias', 1),
            attribute('mode', interpolation === 'bicubic' ? 'cubic' : 'linear'),
            attribute('cubic_coeff_a', -0.5),
            attribute('coordinate_transformation_mode', 'half_pixel'),
            attribute('exclude_outside', 1),
          ],
        },
        { opType: 'Clip', input: ['unclamped', 'black', 'white'], output: ['resized'] },
      ],
      initializer: [
        { name: 'black', dataType: TensorProto.DataType.FLOAT, floatData: [0] },
        { name: 'white', dataType: TensorProto.DataType.FLOAT, floatData: [255] },
      ],
    },
  })
  return ModelProto.encode(model).finish()
}

const cases: readonly (readonly [width: number, height: number, toWidth: number, toHeight: number])[] = [
  [500, 375, 224, 224],
  [375, 500, 448, 448],
  [37, 50, 96, 96],
  [96, 96, 96, 96],
  [1, 1, 8, 8],
  [20, 300, 64, 64],
  [300, 20, 64, 64],
  [5, 7, 3, 2],
  [1000, 2, 3, 1],
  [640, 480, 299, 17],
]

for (const interpolation of ['bilinear', 'bicubic'] as const)
  test(`${interpolation} resizing is that of ONNX Runtime`, async (t) => {
    const session = await InferenceSession.create(resizeModel(interpolation), { logSeverityLevel: 3 })
    for (const [width, height, toWidth, toHeight] of cases) {
      const image = noise(width, height)
      const { resized } = await session.run({
        image: new Tensor('uint8', image.data, [1, height, width, 3]),
        sizes: new Tensor('int64', BigInt64Array.of(BigInt(toHeight), BigInt(toWidth)), [2]),
      })
      t.deepEqual(resized?.dims, [1, 3, toHeight, toWidth])
      const theirs = resized?.data as Float32Array
      const ours = resizeImage(image, toWidth, toHeight, interpolation)
      const area = toWidth * toHeight
      let largest = 0
      for (let i = 0; i < area; i++) {
        for (let c = 0; c < 3; c++) {
          const difference = Math.abs((ours[3 * i + c] ?? Number.NaN) - (theirs[c * area + i] ?? Number.NaN))
          if (!(difference <= largest)) largest = difference
        }
      }
      t.log(`${width} x ${height} -> ${toWidth} x ${toHeight}: ${largest.toExponential(1)} of 255`)
      t.true(largest <= 255e-4, `${width} x ${height} -> ${toWidth} x ${toHeight} differs by ${largest} of 255`)
    }
  })

/** The step `resize` of an exported file, alone: uint8 [B, H, W, 3] -> float [B, 3, size, size]. */
function exportedStep(size: number, filter: Interpolation, resize: ResizeLowering): OnnxProgram {
  const builder = new OnnxProgramBuilder(18)
  const name = preprocess(
    { name: 'image', steps: [{ name: 'resize', arguments: { size, interpolation: filter } }] },
    builder,
    resize,
  )
  return {
    name: 'resize',
    opset: 18,
    inputs: [{ name: 'image', element: 'uint8', shape: ['batch', 'height', 'width', 3] }],
    outputs: [{ name, element: 'float', shape: ['batch', 3, size, size] }],
    nodes: withWholeSizes(builder.nodes, (wanted) => builder.free(wanted)),
    constants: builder.constants,
    weights: new Map(),
  }
}

/** Sizes that are not multiples of a group of rows, a single row, and sizes above and below that of the image. */
const steps: readonly (readonly [width: number, height: number, size: number])[] = [
  [500, 375, 224],
  [375, 500, 299],
  [37, 50, 96],
  [96, 96, 96],
  [96, 31, 96],
  [1, 1, 8],
  [1, 7, 1],
  [20, 300, 64],
  [300, 20, 17],
  [5, 7, 3],
  [1000, 2, 5],
  [4000, 50, 224],
  [40, 17000, 448],
]

for (const interpolation of ['bilinear', 'bicubic'] as const)
  for (const lowering of resizeLowerings)
    test(`${interpolation} resizing in an exported file, by ${lowering}, is that of training`, async (t) => {
      for (const [width, height, size] of steps) {
        const session = await sessionOf(exportedStep(size, interpolation, lowering))
        const images = [noise(width, height), { ...noise(width, height), data: noise(height, width).data }]
        const { [elementAt(session.outputNames, 0)]: resized } = await session.run({
          image: new Tensor('uint8', Buffer.concat(images.map(({ data }) => data)), [2, height, width, 3]),
        })
        t.deepEqual(resized?.dims, [2, 3, size, size])
        const theirs = resized?.data as Float32Array
        const largest = Math.max(
          ...images.map((image, index) => {
            const ours = resizeImage(image, size, size, interpolation)
            const turned = channelsFirst({ values: ours, shape: [1, size, size, 3] }).values
            return largestDifference(turned, theirs.subarray(index * turned.length, (index + 1) * turned.length))
          }),
        )
        t.log(`${width} x ${height} -> ${size}: ${largest.toExponential(1)} of 255`)
        // ONNX Runtime rounds the positions of Resize to single precision.
        t.true(
          largest <= (lowering === 'products' ? 255e-6 : 255e-4),
          `${width} x ${height} -> ${size} differs by ${largest} of 255`,
        )
        await session.release()
      }
    })

function largestDifference(ours: Float32Array, theirs: Float32Array): number {
  return ours.reduce((largest, value, i) => {
    const difference = Math.abs(value - (theirs[i] ?? Number.NaN))
    return difference <= largest ? largest : difference
  }, 0)
}

test('resizing floats is resizing bytes, and a row of figures by hand', (t) => {
  const bytes = noise(31, 17)
  t.deepEqual(resizeImage({ ...bytes, data: Float32Array.from(bytes.data) }, 12, 40), resizeImage(bytes, 12, 40))

  // Four to two: each output pixel reaches two input pixels each way, as far as there are any: weights 3, 3, 1 (of 7) and 1, 3, 3.
  const row = { width: 4, height: 1, data: Uint8Array.from([10, 20, 40, 80].flatMap((v) => [v, v, v])) }
  const out = resizeImage(row, 2, 1)
  t.deepEqual([...out], [130 / 7, 130 / 7, 130 / 7, 380 / 7, 380 / 7, 380 / 7].map(Math.fround))
})

test('the input is not written to, and the output is its own', (t) => {
  const image = { width: 4, height: 4, data: new Float32Array(48).fill(7) }
  const same = resizeImage(image, 4, 4)
  same.fill(0)
  t.true(image.data.every((v) => v === 7))
})

test('a size below one is refused', (t) => {
  for (const size of [0, -1, 1.5, Number.NaN]) {
    t.throws(() => resizeImage(noise(2, 2), size, 2), { instanceOf: RangeError })
  }
})

test('an exported file resizes without the operator Resize unless that is asked for', (t) => {
  const operators = (lowering: ResizeLowering) =>
    exportedStep(96, 'bilinear', lowering).nodes.map(({ operator }) => operator)
  t.is(defaultResize, 'products')
  t.false(operators('products').includes('Resize'))
  t.is(operators('operator').filter((operator) => operator === 'Resize').length, 1)
})
