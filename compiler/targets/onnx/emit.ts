import type { Graph, Parameter, TensorType, ValueRef } from '../../graph/graph.js'
import { typeOf } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import { settings } from '../../training/settings.js'
import { NodeCall } from './call.js'
import { encodeModel, type StoredTensor } from './encode.js'
import { bytesOf, OnnxGraphBuilder, valueInfo } from './graph_builder.js'

export interface OnnxOptions {
  /** `image`: decoded RGB of any size, uint8. `tensor`: already resized and normalised, float32. */
  readonly input: 'image' | 'tensor'
  /** A parameter's values in its own shape's order. */
  readonly weights: (parameter: Parameter) => Float32Array
  readonly version: string
  readonly metadata: Readonly<Record<string, string>>
}

export const opset = 18
/** The newest one that the encoder knows; it holds opset 18. */
const irVersion = 8

/**
 * An inference graph as one ONNX file: the whole method with the crop inside.
 * Gives the file's bytes in pieces, so that the weights are never copied.
 */
export function emitOnnx(graph: Graph, options: OnnxOptions): readonly Uint8Array[] {
  const builder = new OnnxGraphBuilder()
  const names = new Map<string, string>()
  const nameOf = (value: ValueRef) => {
    const name = names.get(`${value.node}.${value.output}`)
    if (name === undefined) throw new Error(`no ONNX value for node ${value.node}`)
    return name
  }
  const set = (value: ValueRef, name: string) => names.set(`${value.node}.${value.output}`, name)
  const { image } = graph
  set(image.value, options.input === 'image' ? preprocess(graph, builder) : image.name)
  const inputs = new Set([image.value.node, graph.label?.value.node])
  for (const node of graph.nodes) {
    if (inputs.has(node.id)) continue
    const { onnx } = operationNamed(node.operation)
    if (onnx === 'training only') throw new Error(`${node.path.join('/')} (${node.operation}) exists only in training`)
    const outputs = onnx(new NodeCall(node, graph, builder, nameOf))
    outputs.forEach((name, output) => {
      set({ node: node.id, output }, name)
    })
  }
  const answers = answerList(graph)
  nameAnswers(answers, builder, nameOf)
  return encodeModel({
    irVersion,
    opset,
    producer: 'wsban',
    version: options.version,
    metadata: options.metadata,
    graph: {
      name: graph.name,
      node: builder.nodes,
      initializer: builder.constants,
      input: [inputInfo(graph, options.input)],
      output: answers.map(({ name, type }) => valueInfo(name, 'float', dimensions(type))),
    },
    weights: [...graph.parameters.values()].map(
      (parameter): StoredTensor => ({
        name: parameter.name,
        shape: parameter.shape,
        bytes: bytesOf(options.weights(parameter)),
      }),
    ),
  })
}

interface Answer {
  readonly name: string
  readonly value: ValueRef
  readonly type: TensorType
}

/** The outputs in the order of the interface: predictions, boxes, attention, logits. */
function answerList(graph: Graph): Answer[] {
  const answer = (name: string, value: ValueRef): Answer => ({ name, value, type: typeOf(graph, value) })
  const crop = graph.crop ? [answer('boxes', graph.crop.box), answer('attention', graph.crop.guide)] : []
  return [
    ...graph.predictions.map(({ name, value }) => answer(name, value)),
    ...crop,
    ...graph.logits.map(({ name, value }) => answer(`logits/${name}`, value)),
  ]
}

/** A value that is several answers, or the input itself, keeps its name and is passed through. */
function nameAnswers(answers: readonly Answer[], builder: OnnxGraphBuilder, nameOf: (value: ValueRef) => string): void {
  const renamed = new Map<string, string>()
  for (const { name, value } of answers) {
    const inner = nameOf(value)
    const produced = builder.nodes.some((node) => node.output?.includes(inner))
    if (produced && !renamed.has(inner)) {
      builder.rename(inner, name)
      renamed.set(inner, name)
    } else builder.add('Identity', [renamed.get(inner) ?? inner], [name])
  }
}

function preprocess(graph: Graph, builder: OnnxGraphBuilder): string {
  const add = (operator: string, inputs: readonly string[], step: string, attributes = {}) => {
    const output = `preprocess/${step}`
    builder.add(operator, inputs, [output], attributes)
    return output
  }
  const { image } = graph
  const asFloats = add('Cast', [image.name], 'float', { to: 1 })
  let value = add('Transpose', [asFloats], 'channels_first', { perm: [0, 3, 1, 2] })
  let size: number | undefined
  for (const step of image.steps) {
    const spec = settings.get(step.name)
    if (!spec?.onnx) throw new Error(`${step.name} cannot be part of an exported file`)
    value = spec.onnx({ input: value, arguments: step.arguments, size, builder, add })
    const resized = spec.resizesTo && step.arguments[spec.resizesTo]
    if (typeof resized === 'number') size = resized
  }
  return value
}

function inputInfo(graph: Graph, input: OnnxOptions['input']) {
  const { name, channels, height, width } = graph.image
  return input === 'image'
    ? valueInfo(name, 'uint8', ['batch', 'height', 'width', 3])
    : valueInfo(name, 'float', ['batch', channels, height, width])
}

function dimensions({ shape }: TensorType): (number | string)[] {
  return shape.map(({ size, name }) => size ?? name)
}
