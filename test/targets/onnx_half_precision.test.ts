import test from 'ava'
import { Tensor } from 'onnxruntime-node'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { toHalfPrecision } from '../../compiler/targets/onnx/passes/half_precision.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { present } from '../../grammar/present.js'
import { lowPrecision } from '../../runtime/export/low_precision.js'
import { compileText } from '../../runtime/specs/spec.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { sessionOf } from '../support/onnx_program.js'

/** Angles up to 4096, which are constants of the file: in half precision they would be off by a radian. */
const waves = `model waves(classes = 32) {
  input image: Image[3, 16, 16]
  branch whole(image) {
    position = range(16, like = image, step = 256)
    angle    = position + 0.25 * range(16, like = image)
    wave     = sin(concat(angle, angle, over = last))
    answer   = global_avg_pool(image) -> linear(classes) -> add(wave)
  }
  predict answer = whole.answer
}
`

test('what constants alone decide keeps single precision in files of half precision', async (t) => {
  const { graph, diagnostics } = compileText('waves.wsban', waves)
  if (!graph) throw t.fail(diagnostics.map(({ message }) => message).join('\n'))
  const inference = specialise(graph, 'inference')
  const program = optimise(
    emitOnnx(inference, { input: 'tensor', opset: 18, weights: (parameter) => initialValues(parameter, 1) }),
  )
  const half = toHalfPrecision(program, lowPrecision(inference))
  const pixels = new Tensor('float32', new Float32Array(3 * 16 * 16), [1, 3, 16, 16])
  const [expected, found] = [await answerOf(program, pixels), await answerOf(half, pixels)]
  t.is(expected.length, 32)
  for (const [index, value] of expected.entries()) t.true(Math.abs(value - (found[index] ?? Number.NaN)) < 0.005)
})

async function answerOf(program: OnnxProgram, pixels: Tensor): Promise<readonly number[]> {
  const session = await sessionOf(program)
  const results = await session.run({ [session.inputNames[0] ?? '']: pixels })
  await session.release()
  return [...(present(results.answer, 'answer').data as Float32Array)]
}
