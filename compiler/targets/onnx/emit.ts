import { present } from '../../../grammar/present.js'
import { namedAnswers } from '../../graph/answers.js'
import type { Graph, Parameter, TensorType, ValueRef } from '../../graph/graph.js'
import { isOfPairs, trainingInputs, typeOf } from '../../graph/graph.js'
import { viewOf } from '../../graph/view.js'
import { operationNamed } from '../../ops/index.js'
import { NodeCall } from './call.js'
import { preprocess } from './preprocess.js'
import { type OnnxNode, type OnnxProgram, type OnnxValue, type OnnxWeight, withInputs } from './program.js'
import { OnnxProgramBuilder } from './program_builder.js'
import { defaultResize, type ResizeLowering } from './resize_lowering.js'
import { withWholeSizes } from './resize_sizes.js'
import { ValueNames } from './value_names.js'
import { withoutMergedPadding } from './zero_padding.js'

export interface OnnxOptions {
  /** `image`: decoded RGB of any size, uint8. `tensor`: already resized and normalised, float32. */
  readonly input: 'image' | 'tensor'
  readonly opset: number
  /** How images are resized; `products` if omitted. */
  readonly resize?: ResizeLowering
  /** Whether the file avoids operators that several runtimes lack: Loop, GridSample, Resize. */
  readonly portable?: boolean
  /** Returns a parameter's values in the order of its shape, when they are written. */
  readonly weights: (parameter: Parameter) => Float32Array | Promise<Float32Array>
}

/** Lowers an inference graph to an ONNX program: the whole method including the crop, each node by its operation's lowering. */
export function emitOnnx(graph: Graph, options: OnnxOptions): OnnxProgram {
  const paths = nodeNames(graph)
  const builder = new OnnxProgramBuilder(options.opset, [
    ...interfaceNames(graph),
    ...paths.values(),
    ...graph.parameters.keys(),
  ])
  const names = new Map<string, string>()
  const nameOf = (value: ValueRef) => {
    const key = `${value.node}.${value.output}`
    return present(names.get(key), key)
  }
  const set = (value: ValueRef, name: string) => names.set(`${value.node}.${value.output}`, name)
  const { image } = graph
  set(image.value, options.input === 'image' ? preprocess(image, builder, options.resize ?? defaultResize) : image.name)
  const inputs = new Set(trainingInputs(graph).map(({ value }) => value.node))
  for (const node of graph.nodes) {
    if (inputs.has(node.id)) continue
    const { onnx } = operationNamed(node.operation).lowering
    if (onnx === 'training only') throw new Error(`${node.path.join('/')} (${node.operation}) exists only in training`)
    builder.origin = node.id
    const path = present(paths.get(node.id), "the node's path")
    const outputs = onnx(new NodeCall(node, graph, builder, nameOf, path, options.portable ?? false))
    outputs.forEach((name, output) => {
      set({ node: node.id, output }, name)
    })
  }
  builder.origin = undefined
  const boxes = new Set(graph.crops.map(({ names: { box } }) => box))
  const answers = answerList(graph, nameOf).map((answer) =>
    boxes.has(answer.name) && options.input === 'image' ? inWholeImage(answer, graph, builder) : answer,
  )
  const named = nameAnswers(answers, builder.nodes)
  const nodes = withoutMergedPadding(
    withWholeSizes(named.nodes, (name) => builder.free(name)),
    (values) => builder.integers(values),
  )
  const values = imageValues(graph).map(({ ref, type }) => ({ name: named.rename(nameOf(ref)), type }))
  return {
    name: graph.name,
    opset: options.opset,
    inputs: [inputValue(graph, options.input)],
    outputs: answers.map(({ name, type }) => ({ name, element: 'float', shape: dimensions(type) })),
    nodes,
    constants: builder.constants,
    images: new Set([image.name, ...values.map(({ name }) => name)]),
    shapes: new Map(values.map(({ name, type }) => [name, dimensions(type)])),
    weights: new Map(
      [...graph.parameters.values()].map((parameter): [string, OnnxWeight] => [
        parameter.name,
        {
          name: parameter.name,
          element: 'float',
          shape: parameter.shape,
          read: async () => options.weights(parameter),
        },
      ]),
    ),
  }
}

/** Values with the images along their first axis. */
function imageValues(graph: Graph): readonly { readonly ref: ValueRef; readonly type: TensorType }[] {
  const inputs = new Set([...graph.labels, ...graph.views].map(({ value }) => value.node))
  return graph.nodes.flatMap(({ id, outputs }) =>
    outputs.flatMap((type, output) =>
      !inputs.has(id) && type.shape[0]?.size === undefined && type.shape.length > 0 && !isOfPairs(type)
        ? [{ ref: { node: id, output }, type }]
        : [],
    ),
  )
}

/** The names of the file's interface: its input and outputs. */
function interfaceNames(graph: Graph): string[] {
  return [graph.image.name, ...namedAnswers(graph).map(({ name }) => name)]
}

/** Names each node by its path, unless that is a name of the interface. */
export function nodeNames(graph: Graph): ReadonlyMap<number, string> {
  const names = new ValueNames(interfaceNames(graph))
  return new Map(graph.nodes.map(({ id, path }) => [id, names.free(path.join('/'))]))
}

interface Answer {
  readonly name: string
  /** As it is called so far. */
  readonly inner: string
  readonly type: TensorType
}

/** The outputs in the order of the interface. */
function answerList(graph: Graph, nameOf: (value: ValueRef) => string): Answer[] {
  return namedAnswers(graph).map(({ name, value }) => ({ name, inner: nameOf(value), type: typeOf(graph, value) }))
}

/** Boxes are relative to the model's input; if its steps crop the border, they are converted to the whole image. */
function inWholeImage(answer: Answer, { image }: Graph, builder: OnnxProgramBuilder): Answer {
  const { offset, share } = viewOf(image.steps)
  if (share === 1) return answer
  const [inView, inImage] = [builder.free(`${answer.name}/of_the_view`), builder.free(`${answer.name}/of_the_image`)]
  builder.add('Mul', [answer.inner, builder.floats(share)], [inView])
  builder.add('Add', [inView, builder.floats(offset)], [inImage])
  return { ...answer, inner: inImage }
}

/** Gives each answer its name in the interface. A value that is several answers, or the input itself, is passed through. */
function nameAnswers(
  answers: readonly Answer[],
  nodes: readonly OnnxNode[],
): { readonly nodes: OnnxNode[]; readonly rename: (name: string) => string } {
  const produced = new Set(nodes.flatMap(({ outputs }) => outputs))
  const renamed = new Map<string, string>()
  const copies: OnnxNode[] = []
  for (const { name, inner } of answers) {
    if (produced.has(inner) && !renamed.has(inner)) renamed.set(inner, name)
    else
      copies.push({
        operator: 'Identity',
        name,
        inputs: [renamed.get(inner) ?? inner],
        outputs: [name],
        attributes: {},
      })
  }
  const rename = (name: string) => renamed.get(name) ?? name
  const changed = nodes.map((node) => ({
    ...withInputs(node, rename),
    name: rename(node.name),
    outputs: node.outputs.map(rename),
  }))
  return { nodes: [...changed, ...copies], rename }
}

function inputValue(graph: Graph, input: OnnxOptions['input']): OnnxValue {
  const { name, channels, height, width } = graph.image
  return input === 'image'
    ? {
        name,
        element: 'uint8',
        shape: ['batch', 'height', 'width', 3],
        axes: ['DATA_BATCH', 'DATA_FEATURE', 'DATA_FEATURE', 'DATA_CHANNEL'],
      }
    : { name, element: 'float', shape: ['batch', channels, height, width] }
}

function dimensions({ shape }: TensorType): (number | string)[] {
  return shape.map(({ size, name }) => size ?? name)
}
