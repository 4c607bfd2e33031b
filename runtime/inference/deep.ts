import { readFile } from 'node:fs/promises'
import onnxProto from 'onnx-proto'
import { namedAnswers } from '../../compiler/graph/answers.js'
import type { Graph, Node, ValueRef } from '../../compiler/graph/graph.js'
import { sameValue } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { nodeNames } from '../../compiler/targets/onnx/emit.js'
import { present } from '../../grammar/present.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import { halfToNumber } from '../weights/dtype.js'
import { nodeOutputs } from '../weights/formats/onnx.js'
import type { Outputs } from './answer.js'
import { channelsFirst } from './channels_first.js'
import { differenceOf } from './difference.js'
import { type InnerRequest, innerValues } from './inner_values.js'
import { openSession, runSession } from './onnx_session.js'

/** An intermediate value of a model, compared between the engine and the file. */
export interface InnerDifference {
  /** The binding: master/trunk/Mixed_6e/branch7x7_1/conv. */
  readonly name: string
  readonly operation: string
  readonly source: string
  /** The offset of its line in the source text. */
  readonly start: number
  /** Relative to the largest value; infinite if shapes differ or a value is NaN. */
  readonly relative: number
}

export interface DeepRequest extends InnerRequest {
  readonly graph: Graph
  /** The exported file. */
  readonly path: string
}

/**
 * Compares every value of the model that the file still has by name, in the order of computation: the first large difference is where they diverge.
 * On the engine the model runs with each node as an output; outputs are added to the file by appending a second graph message, which protobuf merges
 * with the first.
 */
export async function innerDifferences(request: DeepRequest): Promise<readonly InnerDifference[]> {
  const graph = specialise(request.graph, 'inference')
  const exported = nodeOutputs(request.path)
  const names = nodeNames(graph)
  const taps = graph.nodes.flatMap((node) => {
    const name = answerOf(graph, node) ?? present(names.get(node.id), `the name of node ${node.id}`)
    return node.inputs.length > 0 && exported.has(name) ? [{ node, name }] : []
  })
  const onEngine = await innerValues(
    graph,
    taps.map(({ node: { id } }) => ({ node: id, output: 0 })),
    request,
  )
  const inFile = await runFile(
    request,
    taps.map(({ name }) => name),
  )
  return taps.map(({ node, name }, index) => {
    const [expected, found] = [onEngine[index], inFile[name]]
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

/** The name of a node's output. */
function answerOf(graph: Graph, { id }: Node): string | undefined {
  const value: ValueRef = { node: id, output: 0 }
  return namedAnswers(graph).find((answer) => sameValue(answer.value, value))?.name
}

async function runFile({ path, image }: DeepRequest, names: readonly string[]): Promise<Outputs> {
  const runtime = await loadOnnxRuntime()
  // Without a type: ONNX Runtime infers it, and it differs in half precision.
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
