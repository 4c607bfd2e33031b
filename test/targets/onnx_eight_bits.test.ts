import { join } from 'node:path'
import test from 'ava'
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { Random } from '../../compiler/random.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { withPoolingAsConvolution } from '../../compiler/targets/onnx/passes/average_pool_as_convolution.js'
import { toEightBits, type ValueRange, withMeasures } from '../../compiler/targets/onnx/passes/eight_bits.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import { type OnnxProgram, outputOf, withoutUnused } from '../../compiler/targets/onnx/program.js'
import { present } from '../../grammar/present.js'
import { lowPrecision } from '../../runtime/export/low_precision.js'
import { channelsIn } from '../../runtime/export/onnx.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile, compileText } from '../../runtime/specs/spec.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { bytesOf, sessionOf } from '../support/onnx_program.js'

function written(inference: Graph): OnnxProgram {
  return emitOnnx(inference, { input: 'image', opset: 18, weights: (parameter) => initialValues(parameter, 1) })
}

function subject(model: string) {
  const { graph } = compileFile(join(packageRoot(), 'models', `${model}.wsban`), { classes: 5 })
  if (!graph) throw new Error('the model does not compile')
  const inference = specialise(graph, 'inference')
  return { program: optimise(written(inference)), mayBeInt8: lowPrecision(inference) }
}

function noise(seed: number): Tensor {
  const random = new Random(seed)
  return new Tensor(
    'uint8',
    Uint8Array.from({ length: 50 * 70 * 3 }, () => random.integer(256)),
    [1, 50, 70, 3],
  )
}

async function rangesOf(program: OnnxProgram): Promise<Map<string, ValueRange>> {
  const session = await sessionOf(program)
  const ranges = new Map<string, ValueRange>()
  for (const seed of [1, 2, 3]) {
    const results = await session.run({ image: noise(seed) })
    for (const { name } of program.outputs.filter((output) => output.name.endsWith(':min'))) {
      const value = name.slice(0, -':min'.length)
      const [min, max] = [number(results, name), number(results, `${value}:max`)]
      const known = ranges.get(value) ?? { min, max }
      ranges.set(value, { min: Math.min(known.min, min), max: Math.max(known.max, max) })
    }
  }
  await session.release()
  return ranges
}

function number(results: InferenceSession.OnnxValueMapType, name: string): number {
  return Number(results[name]?.data[0])
}

for (const model of ['baseline_lite', 'wsban_tiny', 'wsdan_tiny'])
  test(`${model} in eight bits: a quarter of the file, answers a few hundredths away`, async (t) => {
    const { program, mayBeInt8 } = subject(model)
    const rounded = toEightBits(program, mayBeInt8, await rangesOf(withMeasures(program, mayBeInt8)))
    const [before, after] = [await bytesOf(program), await bytesOf(rounded)]
    t.true(after.length < 0.45 * before.length, `${after.length} of ${before.length} bytes`)
    const [single, eight] = [await sessionOf(program), await sessionOf(rounded)]
    const image = noise(4)
    const [expected, found] = [await single.run({ image }), await eight.run({ image })]
    for (const { name } of program.outputs.filter((output) => output.name.startsWith('logits/'))) {
      const [a, b] = [expected[name]?.data as Float32Array, found[name]?.data as Float32Array]
      const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const away = a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0)
      t.true(away > 0 && away < 0.15 * largest, `${name}: ${away} of ${largest}`)
    }
    const empty = await eight.run({ image: new Tensor('uint8', new Uint8Array(0), [0, 50, 70, 3]) })
    t.deepEqual(empty.probabilities?.dims, [0, 5])
    await Promise.all([single.release(), eight.release()])
  })

test('what both passes share is stored once, in integers', (t) => {
  const { program, mayBeInt8 } = subject('wsban_tiny')
  const range = { min: -1, max: 1 }
  const names = withMeasures(program, mayBeInt8).outputs.map(({ name }) => name.replace(/:m(in|ax)$/, ''))
  const { nodes, weights } = toEightBits(program, mayBeInt8, new Map(names.map((name) => [name, range])))
  for (const { element, shape, name } of weights.values())
    t.true(element !== 'float' || shape.length === 1, `${name} is ${element}`)
  const stored = [...weights.keys()].filter((name) => name.endsWith('/int8'))
  const convolutions = nodes.filter(({ operator }) => operator === 'Conv' || operator === 'Gemm')
  t.is(stored.length * 2, convolutions.length)
})

/** A model that pools its image, with the pooled maps as its only output. */
function pooled(arguments_: string) {
  const { graph } = compileText(
    'pooled.wsban',
    `model pooled(classes = 3) {
      input image: Image[3, 16, 16] { resize(16), normalize }
      input label: Class[classes]
      branch whole(image) { logits = avg_pool(image, ${arguments_}) -> global_avg_pool -> linear(classes) }
      loss { whole = cross_entropy(whole.logits, label) }
      predict probabilities = softmax(whole.logits)
    }`,
  )
  if (!graph) throw new Error('the model does not compile')
  const inference = specialise(graph, 'inference')
  const program = written(inference)
  const pooling = present(
    program.nodes.find(({ operator }) => operator === 'AveragePool'),
    'an average pooling',
  )
  const outputs = [{ name: outputOf(pooling), element: 'float' as const, shape: ['batch', 3, 'height', 'width'] }]
  return {
    program: withoutUnused({ ...program, outputs }),
    output: outputOf(pooling),
    mayBeInt8: lowPrecision(inference),
    channelsOf: channelsIn(inference),
  }
}

for (const [arguments_, becomes] of [
  ['3, stride = 1, padding = 1', 'Conv'],
  ['3, stride = 2', 'Conv'],
  ['[2, 3], stride = [1, 2]', 'Conv'],
  ['3, stride = 1, padding = 1, count_padding = false', 'AveragePool'],
  ['8', 'AveragePool'],
] as const)
  test(`avg_pool(${arguments_}) in eight bits is written as ${becomes}`, async (t) => {
    const { program, output, mayBeInt8, channelsOf } = pooled(arguments_)
    const written = withPoolingAsConvolution(program, mayBeInt8, channelsOf)
    t.is(written.nodes.find(({ outputs }) => outputs.includes(output))?.operator, becomes)
    const [before, after] = [await sessionOf(program), await sessionOf(written)]
    const [expected, found] = [await before.run({ image: noise(5) }), await after.run({ image: noise(5) })]
    const [a, b] = [expected[output]?.data as Float32Array, found[output]?.data as Float32Array]
    t.is(a.length, b.length)
    // Means of nine values below 3, summed in another order.
    t.true(a.every((value, i) => Math.abs(value - (b[i] ?? Number.NaN)) < 9 * 3 * 2 ** -24))
    await Promise.all([before.release(), after.release()])
  })
