import test from 'ava'
import fc from 'fast-check'
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { compile } from '../../compiler/compile.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { keyOf, Random } from '../../compiler/random.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { withFunctions } from '../../compiler/targets/onnx/functions.js'
import { fusePasses } from '../../compiler/targets/onnx/passes/fuse_passes.js'
import { passes } from '../../compiler/targets/onnx/passes/index.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { sessionOf } from '../support/onnx_program.js'

const layer = fc.oneof(
  fc
    .record({ filters: fc.integer({ min: 1, max: 4 }), kernel: fc.constantFrom(1, 3), bias: fc.boolean() })
    .map(({ filters, kernel, bias }) => `conv2d(${filters}, ${kernel}, padding = ${(kernel - 1) / 2}, bias = ${bias})`),
  fc.constantFrom('batch_norm', 'relu', 'scale(3)', 'scale(0.25)', 'scale(1)', 'avg_pool(2)', 'signed_sqrt'),
)
const chain = fc.array(layer, { minLength: 1, maxLength: 8 })

/** Two passes through one branch, with random layers before the attention and behind the pooled features. */
const specs = fc.record({ trunk: chain, factor: fc.constantFrom(1, 4, 30), passes: fc.constantFrom(1, 2, 3) }).map(
  ({ trunk, factor, passes: count }) => `model random {
  input image: Image[3, 24, 24] { resize(24), normalize }
  input label: Class[3]
  branch master(image) {
    features = image -> ${trunk.slice(0, 3).join(' -> ')}
    attention = features -> conv2d(2, 1) -> batch_norm -> relu
    parts = bap(features, attention)
    logits = parts -> flatten -> ${[...trunk.slice(3).filter((text) => text.startsWith('scale')), `scale(${factor})`].join(' -> ')} -> linear(3)
  }
  crop = crop_sampler(image, guide = mean(master.attention))
${count > 1 ? '  branch part = master(crop)' : ''}
${count === 3 ? '  branch beside(crop) { logits = crop -> conv2d(2, 3) -> global_avg_pool -> linear(3) }\n  branch more = beside(crop)' : ''}
  loss { master = cross_entropy(master.logits, label) }
  predict probabilities = ${['softmax(master.logits)', 'mean(softmax(master.logits), softmax(part.logits))', 'mean(softmax(part.logits), softmax(more.logits))'][count - 1]}
  train { epochs = 1, batch = 2 }
}
`,
)

function graphOf(text: string): Graph | undefined {
  const { graph } = compile({ source: 'random.wsban', text }, diskLibrary())
  return graph && specialise(graph, 'inference')
}

function programOf(graph: Graph): OnnxProgram {
  return emitOnnx(graph, {
    input: 'image',
    opset: 18,
    weights: (parameter) => {
      const random = new Random(keyOf(1, parameter.name))
      return initialValues(parameter, 1).map((value) =>
        parameter.initializer.kind === 'constant' ? random.uniform(0.5, 1.5) : value,
      )
    },
  })
}

async function answers(program: OnnxProgram): Promise<InferenceSession.OnnxValueMapType> {
  const session = await sessionOf(program)
  const random = new Random(3)
  const pixels = Uint8Array.from({ length: 2 * 20 * 30 * 3 }, () => random.integer(256))
  const results = await session.run({ image: new Tensor('uint8', pixels, [2, 20, 30, 3]) })
  await session.release()
  return results
}

/** Returns the largest difference of the outputs, relative to the largest value of each. */
function distance(a: InferenceSession.OnnxValueMapType, b: InferenceSession.OnnxValueMapType): number {
  return Math.max(
    ...Object.entries(a).map(([name, { data }]) => {
      const [expected, found] = [data as Float32Array, b[name]?.data as Float32Array]
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
      return (
        expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (found[i] ?? Number.NaN))), 0) / largest
      )
    }),
  )
}

test('on random models any choice of passes, loops and functions moves no answer beyond the sum of what they say', async (t) => {
  let [compiled, fused] = [0, 0]
  await fc.assert(
    fc.asyncProperty(
      specs,
      fc.subarray([...passes]),
      fc.boolean(),
      fc.boolean(),
      async (text, chosen, asLoop, asFunctions) => {
        const graph = graphOf(text)
        // Pooling may leave nothing of a small map.
        fc.pre(graph !== undefined)
        compiled++
        const program = programOf(graph)
        let changed = chosen.reduce((current, pass) => pass.run(current), program)
        if (asLoop) {
          const looped = fusePasses(changed, graph)
          if (looped !== changed) fused++
          changed = looped
        }
        if (asFunctions) changed = withFunctions(changed, graph)
        // Fusing lets the runtime add in another order.
        const tolerance = 1e-5 + chosen.reduce((sum, pass) => sum + pass.tolerance, 0)
        const away = distance(await answers(program), await answers(changed))
        if (away > tolerance) throw new Error(`${away} away with ${chosen.map(({ name }) => name).join(', ')}`)
      },
    ),
    { seed: 1, numRuns: 60 },
  )
  t.true(compiled >= 60)
  t.true(fused > 5)
})
