/**
 * Times a cascade in ONNX Runtime against what its share of early predictions allows, in turns: npx tsx bench/cascade.ts [RUNS]
 * The allowed time is that of the first pass, plus that of the rest for the share of images that need it.
 */
import { Tensor } from 'onnxruntime-node'
import { compile } from '../compiler/compile.js'
import { answers, specialise } from '../compiler/graph/phase.js'
import { selectionsFor } from '../compiler/graph/skipping.js'
import { Random } from '../compiler/random.js'
import { emitOnnx } from '../compiler/targets/onnx/emit.js'
import { encodeModel } from '../compiler/targets/onnx/encode.js'
import { optimise } from '../compiler/targets/onnx/passes/index.js'
import { type OnnxProgram, withSetting } from '../compiler/targets/onnx/program.js'
import { withBothPredictions, withSkipping } from '../compiler/targets/onnx/skip_second.js'
import { elementAt, present } from '../grammar/present.js'
import { loadOnnxRuntime } from '../runtime/onnxruntime/load.js'
import { diskLibrary } from '../runtime/specs/library.js'
import { readSpec, specFile } from '../runtime/specs/spec_file.js'
import { initialValues } from '../runtime/weights/initial_values.js'

const runs = Number(process.argv[2] ?? 20)
const path = specFile('wsban_tiny')
const text = readSpec(path).replace(
  /predict probabilities = .*/,
  'predict probabilities = cascade(softmax(master.logits), mean(softmax(master.logits), softmax(part.logits)))',
)
const graph = specialise(
  present(compile({ source: path, text }, diskLibrary(), { size: 160 }).graph, 'the graph of the model'),
  'inference',
)
const selection = elementAt(selectionsFor(graph, answers(graph)), 0)
const whole = optimise(
  emitOnnx(graph, { input: 'tensor', opset: 18, weights: (parameter) => initialValues(parameter, 1) }),
)

async function open(program: OnnxProgram) {
  const { InferenceSession } = await loadOnnxRuntime()
  const pieces: Uint8Array[] = []
  for await (const piece of encodeModel({ program, producer: 'bench', version: '', metadata: {} }).pieces())
    pieces.push(piece)
  // The threads of a session go on spinning after a run, and would slow the session whose turn is next.
  return InferenceSession.create(Buffer.concat(pieces), { extra: { session: { intra_op: { allow_spinning: '0' } } } })
}

const random = new Random(1)
const pixels = 3 * graph.image.height * graph.image.width
const median = (values: readonly number[]) =>
  elementAt(
    values.toSorted((a, b) => a - b),
    Math.floor(values.length / 2),
  )

for (const batch of [1, 8]) {
  const data = Float32Array.from({ length: batch * pixels }, () => random.uniform(-1, 1))
  const image = new Tensor('float32', data, [batch, 3, graph.image.height, graph.image.width])
  const { program: both, names } = withBothPredictions(whole, selection)
  const judge = await open(both)
  const first = present((await judge.run({ image }))[names[0]], 'the first prediction').data as Float32Array
  await judge.release()
  const classes = first.length / batch
  const confidences = Array.from({ length: batch }, (_, index) =>
    Math.max(...first.subarray(index * classes, (index + 1) * classes)),
  ).sort((a, b) => b - a)
  const shares = batch === 1 ? [0, 1] : [0, 0.25, 0.5, 0.75, 1]
  const thresholds = shares.map((share) => {
    const early = share * batch
    if (early === 0) return 1
    return early === batch ? 0 : (elementAt(confidences, early - 1) + elementAt(confidences, early)) / 2
  })
  const sessions = [await open(whole)]
  for (const sure of thresholds)
    sessions.push(await open(withSkipping(withSetting(whole, selection.node.id, 'sure', sure), graph)))
  const times = sessions.map((): number[] => [])
  for (let run = -2; run < runs; run++)
    for (const [index, session] of sessions.entries()) {
      const start = performance.now()
      await session.run({ image })
      if (run >= 0) elementAt(times, index).push(performance.now() - start)
    }
  const [two, ...cascades] = times.map(median)
  const alone = present(cascades.at(-1), 'the time of the first pass')
  for (const [index, share] of shares.entries()) {
    const allowed = alone + (1 - share) * (present(two, 'the time of both passes') - alone)
    const time = elementAt(cascades, index)
    console.log(
      `batch ${batch}, ${share * 100} % early: ${time.toFixed(2)} ms, ${(time / allowed).toFixed(3)} of what that allows, ${(time / (two ?? 0)).toFixed(3)} of both passes`,
    )
  }
  await Promise.all(sessions.map((session) => session.release()))
}
