import test from 'ava'
import { Tensor } from 'onnxruntime-node'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { withFixedSizes } from '../../compiler/targets/onnx/fixed_sizes.js'
import { innerValues } from '../../compiler/targets/onnx/inner_values.js'
import { foldConstants } from '../../compiler/targets/onnx/passes/fold_constants.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { checkShapes } from '../support/onnx_case.js'
import { rarelySupported, sessionOf } from '../support/onnx_program.js'

function inferenceGraph(file: string): Graph {
  const { graph } = compileFile(`${packageRoot()}/models/${file}`)
  if (!graph) throw new Error(`${file} does not compile`)
  return specialise(graph, 'inference')
}

function programOf(graph: Graph, portable: boolean): OnnxProgram {
  const options = { input: 'image', opset: 18, portable } as const
  return optimise(emitOnnx(graph, { ...options, weights: (parameter) => initialValues(parameter, 1) }))
}

const [batch, height, width] = [2, 50, 70]
const pixels = Uint8Array.from({ length: batch * height * width * 3 }, (_, i) => (i * i) % 251)

async function outputsOf(program: OnnxProgram, inner = false) {
  const values = inner ? innerValues(program) : []
  const session = await sessionOf({ ...program, outputs: [...program.outputs, ...values] })
  const results = await session.run({ image: new Tensor('uint8', pixels, [batch, height, width, 3]) })
  await session.release()
  checkShapes([...program.outputs, ...values], results)
  return results
}

for (const file of ['wsban_tiny.wsban', 'wsdan_tiny.wsban', 'tasn_tiny.wsban'])
  test(`${file}: a portable file gives the same answers, with free sizes and with fixed ones`, async (t) => {
    const graph = inferenceGraph(file)
    const plain = await outputsOf(programOf(graph, false))
    const portable = programOf(graph, true)
    t.deepEqual(rarelySupported(portable.nodes), [])
    const fixed = foldConstants.run(withFixedSizes(portable, { batch, height, width }))
    t.false(fixed.nodes.some(({ operator }) => operator === 'Shape' || operator === 'Range'))
    for (const shape of [...fixed.inputs, ...fixed.outputs, ...innerValues(fixed)].map((value) => value.shape))
      t.true(shape.every((size) => typeof size === 'number'))
    for (const program of [portable, fixed]) {
      const named = innerValues(program).length + program.outputs.length
      t.is(named, program.nodes.flatMap(({ outputs }) => outputs).length, 'every value has a shape')
      const found = await outputsOf(program, true)
      for (const { name } of portable.outputs) {
        const [expected, values] = [plain[name]?.data as Float32Array, found[name]?.data as Float32Array]
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        const away = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (values[i] ?? Number.NaN))), 0)
        t.true(away <= 2e-5 * largest, `${name}: ${away} of ${largest}`)
      }
    }
  })
