import { compile } from '../../compiler/compile.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { selectsOf } from '../../compiler/graph/skipping.js'
import { keyOf, Random } from '../../compiler/random.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { elementAt } from '../../grammar/present.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { initialValues } from '../../runtime/weights/initial_values.js'

/** Height and width of the models' images. */
export const imageSize = 24
/** The number of their classes. */
export const classCount = 3

const branches = `  branch master(image) {
    features  = image -> conv2d(6, 3, padding = 1) -> batch_norm -> relu -> max_pool(2) -> conv2d(8, 3, padding = 1) -> relu
    attention = features -> conv2d(2, 1) -> batch_norm -> relu
    parts     = bap(features, attention)
    logits    = parts -> signed_sqrt -> l2_normalize -> flatten -> scale(6) -> linear(classes)
  }
  crop = crop_sampler(image, guide = mean(master.attention))
  branch part = master(crop)
  inner = crop_sampler(crop, guide = mean(part.attention), threshold = 70%)
  branch detail(inner) { logits = inner -> conv2d(4, 3, stride = 2) -> relu -> global_avg_pool -> linear(classes) }
`

/** Predictions of models with cascades: a single one, one within another, two beside each other, and one with a token that all images share. */
export const cascades = {
  'two passes': `predict probabilities = cascade(softmax(master.logits), mean(softmax(master.logits), softmax(part.logits)))`,
  'three passes': `predict probabilities = cascade(softmax(master.logits), cascade(softmax(part.logits), softmax(detail.logits)))`,
  'two predictions': `branch large(image) { logits = image -> conv2d(4, 5, stride = 2) -> relu -> global_avg_pool -> linear(classes) }
  predict probabilities = cascade(softmax(master.logits), softmax(large.logits + master.logits))
  predict other = cascade(softmax(master.logits), softmax(part.logits))`,
  'a second pass on the whole image': `branch large(image) { logits = image -> conv2d(4, 5, stride = 2) -> relu -> global_avg_pool -> linear(classes) }
  predict probabilities = cascade(softmax(master.logits), softmax(large.logits + master.logits))`,
} as const

export type CascadeName = keyof typeof cascades

/** Returns the text of a model with two passes, a third one and a prediction. */
export function cascadeModel(prediction: string): string {
  return `model staged(classes = ${classCount}) {
  input image: Image[3, ${imageSize}, ${imageSize}] { resize(${imageSize}), normalize(mean = 0.5, deviation = 0.5) }
  input label: Class[classes]
${branches}  ${prediction}
  loss {
    master = cross_entropy(master.logits, label)
    part = cross_entropy(part.logits, label)
    detail = cross_entropy(detail.logits, label)
  }
  train { epochs = 1, batch = 2 }
}
`
}

/** Returns what a text compiles to. */
export function compiled(text: string) {
  return compile({ source: 'staged.wsban', text }, diskLibrary())
}

/** Returns the whole graph of a model. */
export function cascadeGraph(prediction: string): Graph {
  const { graph, diagnostics } = compiled(cascadeModel(prediction))
  if (!graph) throw new Error(JSON.stringify(diagnostics, undefined, 1))
  return graph
}

/** Weights that make the branches differ and the probabilities spread. */
export function weightsOf({ name, initializer, ...parameter }: { name: string } & Parameters<typeof initialValues>[0]) {
  const random = new Random(keyOf(1, name))
  return initialValues({ ...parameter, name, initializer }, 1).map((value) =>
    initializer.kind === 'constant' ? random.uniform(0.5, 1.5) : value,
  )
}

/** Returns the inference graph and its program without skipping, for normalised tensors. */
export function cascadeProgram(prediction: string, opset = 18): { graph: Graph; program: OnnxProgram } {
  const graph = specialise(cascadeGraph(prediction), 'inference')
  return { graph, program: optimise(emitOnnx(graph, { input: 'tensor', opset, weights: weightsOf })) }
}

/** Returns images of noise of different contrast, [count, 3, size, size]. */
export function noise(count: number): Float32Array {
  const random = new Random(5)
  const pixels = 3 * imageSize * imageSize
  return Float32Array.from(
    { length: count * pixels },
    (_, index) => random.uniform(-1, 1) * (1 + 2 * Math.floor(index / pixels)),
  )
}

/** Returns the largest probability of each image, of the logits [count, classes]. */
function confidencesOf(logits: readonly number[]): number[] {
  return Array.from({ length: logits.length / classCount }, (_, image) => {
    const row = logits.slice(image * classCount, (image + 1) * classCount)
    const most = Math.max(...row)
    return 1 / row.reduce((sum, value) => sum + Math.exp(value - most), 0)
  })
}

/** Returns the graph with another threshold in each selection. */
export function withSure(graph: Graph, sure: number): Graph {
  const nodes = graph.nodes.map((node) =>
    selectsOf(node) ? { ...node, attributes: { ...node.attributes, sure } } : node,
  )
  return { ...graph, nodes }
}

/** Returns a threshold that half of the images are as confident as, given their logits. */
export function medianConfidence(logits: readonly number[]): number {
  const confidences = confidencesOf(logits).sort((a, b) => a - b)
  const half = confidences.length / 2
  return (elementAt(confidences, half - 1) + elementAt(confidences, half)) / 2
}
