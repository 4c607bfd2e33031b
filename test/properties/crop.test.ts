import test from 'ava'
import fc from 'fast-check'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { operationNamed } from '../../compiler/ops/index.js'
import { boxOfMap, largestComponent } from '../../compiler/ops/support/components.js'
import { NodeCall } from '../../compiler/targets/onnx/call.js'
import { encodeModel } from '../../compiler/targets/onnx/encode.js'
import { OnnxGraphBuilder, valueInfo } from '../../compiler/targets/onnx/graph_builder.js'
import { ready } from '../support/cases.js'

const [height, width] = [13, 9]

/** The sampler's own ONNX nodes; only the boxes are asked for. */
async function boxesSession(): Promise<InferenceSession> {
  const inputs = {
    image: { shape: [1, 3, 4, 4], fill: 'zeros' },
    guide: { shape: [1, height, width], fill: 'zeros' },
  } as const
  const one = ready(operationNamed('crop_sampler'), { name: 'boxes', inputs, arguments: { margin: 0 } })
  const builder = new OnnxGraphBuilder()
  const { onnx } = one.operation
  if (onnx === 'training only') throw new Error('no ONNX form')
  const [, boxes = ''] = onnx(
    new NodeCall(one.node, one.graph, builder, ({ node }) => (node === 0 ? 'image' : 'guide')),
  )
  const pieces = encodeModel({
    irVersion: 8,
    opset: 18,
    producer: 'test',
    version: '0',
    metadata: {},
    graph: {
      name: 'boxes',
      node: builder.nodes,
      initializer: builder.constants,
      input: [valueInfo('image', 'float', ['batch', 3, 4, 4]), valueInfo('guide', 'float', ['batch', height, width])],
      output: [valueInfo(boxes, 'float', ['batch', 4])],
    },
    weights: [],
  })
  return InferenceSession.create(Buffer.concat(pieces))
}

const map = fc.oneof(
  // Few different values: many components, and many of one size.
  fc.array(fc.constantFrom(0, 0, 0, 1, 1, 0.19999, 0.2, 0.5), { minLength: height * width, maxLength: height * width }),
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1, max: 4 }), {
    minLength: height * width,
    maxLength: height * width,
  }),
  fc.constant(new Array<number>(height * width).fill(0)),
  fc.constant(new Array<number>(height * width).fill(-3)),
)

test('boxes inside the graph are those of the plain reference', async (t) => {
  const session = await boxesSession()
  const batch = fc.array(map, { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(batch, async (maps) => {
      const guide = new Tensor('float32', Float32Array.from(maps.flat()), [maps.length, height, width])
      const image = new Tensor('float32', new Float32Array(maps.length * 48), [maps.length, 3, 4, 4])
      const results = await session.run({ guide, image })
      const found = Object.values(results)[0]?.data as Float32Array
      const expected = maps.flatMap((values) => [...boxOfMap(values, height, width, 0.2, 'largest', 0)])
      for (const [index, value] of expected.entries())
        if (Math.abs(value - (found[index] ?? Number.NaN)) > 1e-6) return false
      return true
    }),
    { numRuns: 200, seed: 1 },
  )
  await session.release()
  t.pass()
})

test('the largest component is one piece, and no other piece is larger', (t) => {
  const cells = fc.array(fc.boolean(), { minLength: height * width, maxLength: height * width })
  fc.assert(
    fc.property(cells, (values) => {
      const kept = Uint8Array.from(values, Number)
      const best = largestComponent(kept, height, width)
      const rest = kept.map((value, index) => (best[index] ? 0 : value))
      const second = largestComponent(rest, height, width)
      const count = (list: Uint8Array) => list.reduce((sum, value) => sum + value, 0)
      const again = largestComponent(best, height, width)
      return (
        count(second) <= count(best) &&
        count(again) === count(best) &&
        best.every((value, index) => value <= (kept[index] ?? 0))
      )
    }),
    { seed: 1 },
  )
  t.pass()
})
