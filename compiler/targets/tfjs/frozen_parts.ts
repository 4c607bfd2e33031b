import { digestOf } from '../../graph/digest.js'
import { type FrozenPart, splitFrozen } from '../../graph/frozen_parts.js'
import { type Graph, typeOf } from '../../graph/graph.js'
import { Names } from '../identifiers.js'
import { Structure } from '../structure.js'
import { codeWithoutOperands } from './call.js'
import { identifier } from './file_identifiers.js'
import { tensorType } from './function_body.js'
import { type FunctionParameter, type FunctionText, FunctionWriter } from './functions.js'
import { Layouts } from './layout.js'
import { storedSizes } from './storage.js'

/** A frozen part with the names that generated code has for it. */
export interface ModelPart extends FrozenPart {
  /** The function that computes its features. */
  readonly name: string
  /** Names of its features, and their sizes for an image as TensorFlow.js stores them. */
  readonly features: readonly { readonly name: string; readonly shape: readonly number[] }[]
  /** The function that computes the features it takes, if it does not begin with images. */
  readonly from: string | undefined
}

/** Splits off the frozen parts whose features training keeps; none without a cache. */
export function modelParts(graph: Graph): { readonly head: Graph; readonly parts: readonly ModelPart[] } {
  if (!graph.plan.cache) return { head: graph, parts: [] }
  const names = new Names(identifier)
  const { head, parts } = splitFrozen(graph, (path) => names.give(path))
  const nameAt = (index: number) => (index === 0 ? 'frozen_features' : `frozen_features_${index + 1}`)
  return {
    head,
    parts: parts.map((part, index) => ({
      ...part,
      name: nameAt(index),
      features: part.whole.predictions.map(({ name, value }) => ({ name, shape: storedShape(part.whole, value) })),
      from: index + 1 < parts.length ? nameAt(index + 1) : undefined,
    })),
  }
}

function storedShape(graph: Graph, value: Graph['image']['value']): readonly number[] {
  const { shape } = typeOf(graph, value)
  const sizes = shape.map(({ size }) => size ?? 1)
  return storedSizes(sizes, shape.length === 4 ? 'channels last' : undefined).slice(1)
}

export interface PartFunctions {
  readonly texts: readonly FunctionText[]
  readonly exported: FunctionText
  readonly writer: FunctionWriter
}

/** Writes the functions of a frozen part. @param taken names of other functions of the file */
export function partFunctions({ graph, name, from }: ModelPart, taken: readonly string[]): PartFunctions {
  const layouts = new Layouts(graph)
  const structure = new Structure(graph, (node) => codeWithoutOperands(node, graph, layouts))
  const writer = new FunctionWriter(structure, layouts, taken)
  const body = writer.body(structure.frame(0), undefined)
  const fields = graph.predictions.map((feature) => ({
    name: feature.name,
    value: body.codeIn(feature.value, 'channels last'),
  }))
  const image = { name: body.inputName(graph.image.value), type: tensorType(structure, graph.image.value) }
  const views = graph.views.map(({ size, value }) => ({
    name: body.inputName(value),
    type: tensorType(structure, value),
    initializer: `at.absentView(${image.name}, ${size})`,
  }))
  const inputs = [image, ...views]
  const features = (graph.features ?? []).map(({ value }) => body.inputName(value))
  const shapes = graph.predictions.map(({ name: feature, value }) => `${feature}: ${tensorType(structure, value)}`)
  const exported: FunctionText = {
    name,
    doc: `A part of the model that stays as it is while it is frozen: training keeps what it computes of each image.`,
    parameters: [
      { name: 'at', type: 'Scope' },
      ...inputs,
      ...(from === undefined ? [] : [featuresParameter(features, from, inputs)]),
    ],
    returnType: `{ ${shapes.join('; ')} }`,
    tidies: true,
    statements: [...body.statements(() => true), { kind: 'return', value: { kind: 'object', fields } }],
  }
  return { texts: writer.texts, exported, writer }
}

/** `{ pooled } = frozen_features(at, image)`: features, computed from the images where they are not given. */
export function featuresParameter(
  features: readonly string[],
  from: string,
  images: readonly { readonly name: string }[],
): FunctionParameter {
  return {
    name: `{ ${features.join(', ')} }`,
    type: `ReturnType<typeof ${from}>`,
    initializer: `${from}(at, ${images.map(({ name }) => name).join(', ')})`,
  }
}

/** Tells the computation of a part from others: its operations and how they are connected, without the values of weights. */
export function programOf({ nodes, predictions }: Graph): string {
  const text = JSON.stringify([
    nodes.map(({ operation, inputs, attributes, parameters, outputs }) => [
      operation,
      inputs,
      attributes,
      parameters,
      outputs,
    ]),
    predictions.map(({ name, value }) => [name, value]),
  ])
  return digestOf(text)
}
