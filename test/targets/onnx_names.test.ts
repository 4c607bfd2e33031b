import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { withFunctions } from '../../compiler/targets/onnx/functions.js'
import { fusePasses } from '../../compiler/targets/onnx/passes/fuse_passes.js'
import { toHalfPrecision } from '../../compiler/targets/onnx/passes/half_precision.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import { lowPrecision } from '../../runtime/export/low_precision.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { sessionOf } from '../support/onnx_program.js'

/** Bindings with the names of the export's own values. */
const text = `block pooled(x) {
  features = relu(x)
  half     = bap(features, features)
  return half
}
model names(classes = 3, size = 16) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch preprocess(image) {
    float          = conv2d(image, 4, 3, padding = 1)
    resize         = float -> relu
    sizes          = pooled(resize)
    channels_first = sizes -> flatten
    logits         = channels_first -> linear(classes)
  }
  branch logits(image) {
    preprocess = conv2d(image, 4, 3) -> batch_norm -> relu
    logits     = preprocess -> global_avg_pool -> linear(classes)
  }
  probabilities = logits(image)
  crop          = crop_sampler(image, guide = mean(preprocess.resize))
  branch pass(image) {
    count  = logits(image).preprocess -> global_avg_pool
    start  = count -> relu
    image_ = start -> linear(classes)
    logits = image_
  }
  boxes     = pass(crop)
  attention = softmax(boxes.logits)
  loss { l = cross_entropy(preprocess.logits, label) }
  predict probabilities = mean(softmax(preprocess.logits), softmax(probabilities.logits), attention)
}
`

test('a name of the spec may be one that the export gives to its own values, inputs and outputs', async (t) => {
  const { graph, diagnostics } = compile({ source: 'names.wsban', text }, diskLibrary())
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  const inference = specialise(graph, 'inference')
  const program = emitOnnx(inference, {
    input: 'image',
    opset: 18,
    weights: (parameter) => initialValues(parameter, 1),
  })
  const half = toHalfPrecision(optimise(program), lowPrecision(inference))
  for (const variant of [
    program,
    optimise(program),
    half,
    fusePasses(half, inference),
    withFunctions(half, inference),
    fusePasses(optimise(program), inference),
  ]) {
    const session = await sessionOf(variant)
    t.deepEqual(session.inputNames, ['image'])
    t.deepEqual(
      session.outputNames.filter((name) => !name.startsWith('logits/')),
      ['probabilities', 'boxes', 'attention'],
    )
    await session.release()
  }
})
