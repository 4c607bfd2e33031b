import type { Span } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Node, Parameter, TensorType } from '../graph/graph.js'
import { elementsPerImage } from '../ops/support/shapes.js'
import { elements } from '../ops/support/tensor.js'

/** Sizes are 32-bit integers in TensorFlow.js, and often in ONNX runtimes. */
const mostElements = 2 ** 31 - 1
/** 8 GB in single precision. */
const mostWeights = 2 ** 31 - 1
/** 64 GB in single precision, for all values of one image. */
const mostValues = 2 ** 34

/** @returns the diagnostic for a tensor with more elements than a target can index */
export function tensorCapacity(what: string, count: number, span: Span): Diagnostic | undefined {
  return count <= mostElements
    ? undefined
    : diagnose('tensor-too-large', { what, elements: count, most: mostElements }, span)
}

/** @returns the diagnostic for weights, or values of one image, that exceed any machine's memory */
export function modelCapacity(
  nodes: readonly Node[],
  parameters: Iterable<Parameter>,
  span: Span,
): Diagnostic | undefined {
  const weights = sum([...parameters].map(({ shape }) => elements(shape)))
  if (weights > mostWeights) return diagnose('model-too-large', { what: 'weights', most: mostWeights }, span)
  const values = sum(nodes.flatMap(({ outputs }) => outputs.map((type: TensorType) => elementsPerImage(type))))
  return values > mostValues
    ? diagnose('model-too-large', { what: 'values for one image', most: mostValues }, span)
    : undefined
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
