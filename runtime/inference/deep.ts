import { readFile } from 'node:fs/promises'
import onnxProto from 'onnx-proto'
import { namedAnswers } from '../../compiler/graph/answers.js'
import type { Graph, Node, ValueRef } from '../../compiler/graph/graph.js'
import { sameValue } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { nodeNames } from '../../compiler/targets/onnx/emit.js'
import { present } from '../../grammar/present.js'
import { loadModel } from '../generated/load.js'
import { preprocess } from '../images/preprocess.js'
import type { RgbImage } from '../images/rgb_image.js'
import type { ParameterSpec } from '../model.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import { halfToNumber } from '../weights/dtype.js'
import { nodeOutputs } from '../weights/onnx.js'
import type { WeightStore } from '../weights/store.js'
import type { Outputs } from './answer.js'
import { channelsFirst } from './channels_first.js'
import { differenceOf } from './difference.js'
import { EnginePredictor } from './engine.js'
import { openSession, runSession } from './onnx_session.js'

/** One value inside a model, as the engine and the file have it. */
export interface InnerDifference {
  /** The binding: master/trunk/Mixed_6e/branch7x7_1/conv. */
  readonly name: string
  readonly operation: string
  readonly source: string
  /** Where its line begins in the source's text. */
  readonly start: number
  /** Against the largest value; infinite when one side has another shape or no number. */
  readonly relative: number
}

export interface DeepRequest {
  readonly graph: Graph
  /** The spec's path, by which its generated code is known. */
  readonly entry: string
  readonly weights: (parameters: readonly ParameterSpec[]) => Promise<WeightStore>
  /** The exported file. */
  readonly path: string
  readonly image: RgbImage
}

/**
 * Every value of the model that the file still has by name, in the order of computation: the first large one is where the two part.
 * On the engine the model runs with each of its nodes as an answer; to the file outputs are appended, which protobuf allows by
 * writing a second graph behind the first.
 */
export async function innerDifferences(request: DeepRequest): Promise<readonly InnerDifference[]> {
  const graph = specialise(request.graph, 'inference')
  const exported = nodeOutputs(request.path)
  const names = nodeNames(graph)
  const taps = graph.nodes.flatMap((node) => {
    const name = answerOf(graph, node) ?? present(names.get(node.id), `the name of node ${node.id}`)
    return node.inputs.length > 0 && exported.has(name) ? [{ node, name }] : []
  })
  const onEngine = await runEngine(
    graph,
    taps.map(({ node }) => node),
    request,
  )
  const inFile = await runFile(
    request,
    taps.map(({ name }) => name),
  )
  return taps.map(({ node, name }, index) => {
    const [expected, found] = [onEngine[tapName(index)], inFile[name]]
    const relative = expected && found ? relativeDifference(channelsFirst(expected), found) : Number.POSITIVE_INFINITY
    return {
      name: node.path.join('/'),
      operation: node.operation,
      source: node.span.source,
      start: node.span.start,
      relative,
    }
  })
}

const tapName = (index: number) => `tap${index}`

/** The name of the answer that a node is. */
function answerOf(graph: Graph, { id }: Node): string | undefined {
  const value: ValueRef = { node: id, output: 0 }
  return namedAnswers(graph).find((answer) => sameValue(answer.value, value))?.name
}

async function runEngine(graph: Graph, nodes: readonly Node[], request: DeepRequest): Promise<Outputs> {
  const predictions = nodes.map(({ id }, index) => ({
    name: tapName(index),
    value: { node: id, output: 0 },
    meaning: { kind: 'tensor' as const },
  }))
  const tapped: Graph = { ...graph, losses: [], predictions, logits: [], crops: [], early: [] }
  const model = await loadModel(tapped, request.entry)
  const predictor = new EnginePredictor(model, [], await request.weights(model.parameters))
  try {
    return await predictor.run(preprocess(request.image, model.image.steps), 1)
  } finally {
    await predictor.close()
  }
}

async function runFile({ path, image }: DeepRequest, names: readonly string[]): Promise<Outputs> {
  const runtime = await loadOnnxRuntime()
  // Without a type: ONNX Runtime infers it, and in half precision it is another.
  const output = names.map((name) => ({ name }))
  const more = onnxProto.onnx.ModelProto.encode({ graph: { output } }).finish()
  const file = Buffer.concat([await readFile(path), more])
  const session = await openSession(runtime, file, path)
  try {
    const { width, height, data } = image
    const tensor = new runtime.Tensor('uint8', data, [1, height, width, 3])
    const results = await runSession(session, tensor, path, names)
    return Object.fromEntries(
      Object.entries(results).map(([name, { type, data: values, dims }]) => {
        const numbers = Array.from(values, Number)
        const halves = type === 'float16' && values instanceof Uint16Array
        return [name, { values: Float32Array.from(halves ? numbers.map(halfToNumber) : numbers), shape: dims }]
      }),
    )
  } finally {
    await session.release()
  }
}

function relativeDifference(expected: Outputs[string], found: Outputs[string]): number {
  if (expected.shape.join() !== found.shape.join()) return Number.POSITIVE_INFINITY
  return differenceOf(expected.values, found.values).relative
}
