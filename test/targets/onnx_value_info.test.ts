import test from 'ava'
import onnxProto from 'onnx-proto'
import { Tensor } from 'onnxruntime-node'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { withFunctions } from '../../compiler/targets/onnx/functions.js'
import { innerValues } from '../../compiler/targets/onnx/inner_values.js'
import { fusePasses } from '../../compiler/targets/onnx/passes/fuse_passes.js'
import { toHalfPrecision } from '../../compiler/targets/onnx/passes/half_precision.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { resizeLowerings } from '../../compiler/targets/onnx/resize_lowering.js'
import { lowPrecision } from '../../runtime/export/low_precision.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { checkShapes } from '../support/onnx_case.js'
import { bytesOf, sessionOf } from '../support/onnx_program.js'

function inferenceGraph(model: string): Graph {
  const { graph } = compileFile(`${packageRoot()}/models/${model}.wsban`)
  if (!graph) throw new Error(`${model} does not compile`)
  return specialise(graph, 'inference')
}

async function runsAsDeclared(program: OnnxProgram): Promise<number> {
  const values = innerValues(program)
  const session = await sessionOf({ ...program, outputs: [...program.outputs, ...values] })
  const image = new Tensor(
    'uint8',
    Uint8Array.from({ length: 2 * 50 * 70 * 3 }, (_, i) => (i * i) % 251),
    [2, 50, 70, 3],
  )
  checkShapes(
    [...program.outputs, ...values, { name: 'image', element: 'uint8', shape: ['batch', 'height', 'width', 3] }],
    { ...(await session.run({ image })), image },
  )
  await session.release()
  return values.length / (program.nodes.flatMap(({ outputs }) => outputs).length - program.outputs.length)
}

for (const model of ['wsban_tiny', 'wsdan_tiny', 'tasn_tiny'])
  test(`${model}: the values of a file have the types and shapes that it declares`, async (t) => {
    const graph = inferenceGraph(model)
    for (const resize of resizeLowerings) {
      const whole = emitOnnx(graph, { input: 'image', opset: 18, resize, weights: (p) => initialValues(p, 1) })
      const program = optimise(whole)
      // Only the body of a Loop tells the shapes of its results, and of what follows from them.
      for (const [variant, expected] of [
        [whole, 0.95],
        [program, 0.95],
        [toHalfPrecision(program, lowPrecision(graph)), 0.95],
        [fusePasses(program, graph), 0.7],
      ] as const) {
        const share = await runsAsDeclared(variant)
        t.true(share > expected, `${(100 * share).toFixed(1)} % of the values have a shape`)
      }
    }
  })

test('a file declares its values, with and without functions', async (t) => {
  const graph = inferenceGraph('wsban_tiny')
  const program = optimise(emitOnnx(graph, { input: 'image', opset: 18, weights: (p) => initialValues(p, 1) }))
  const declared = async (given: OnnxProgram) => {
    const { graph: file } = onnxProto.onnx.ModelProto.decode(await bytesOf(given))
    return new Map(
      (file?.valueInfo ?? []).map(({ name, type }) => [
        name,
        (type?.tensorType?.shape?.dim ?? []).map(({ dimParam, dimValue }) => dimParam || Number(dimValue)),
      ]),
    )
  }
  const flat = await declared(program)
  const folded = await declared(withFunctions(program, graph))
  t.is(flat.size, innerValues(program).length)
  t.deepEqual(flat.get('preprocess/normalize'), ['batch', 3, graph.image.height, graph.image.width])
  t.true(folded.size > 0 && folded.size < flat.size)
  for (const [name, shape] of folded) t.deepEqual(shape, flat.get(name), String(name))
})
