import { elementAt, present } from '../../grammar/present.js'
import type { Model, Span } from '../../grammar/tree.js'
import type { Diagnostic, Label } from '../diagnostics/diagnostic.js'
import type { Graph, Node } from '../graph/graph.js'
import type { Normalization } from '../training/normalization.js'

/** A model without errors, which is examined for likely mistakes. */
export interface Examined {
  readonly model: Model
  readonly graph: Graph
  /** The nodes of the graph that something needs, in order. */
  readonly needed: readonly Node[]
  /** The normalisation of published weights, if known. */
  readonly normalizationOf: (weights: string) => Normalization | undefined
}

/** Looks for one kind of mistake. */
export type Warning = (examined: Examined) => readonly Diagnostic[]

/** The places at which a node is shown: in the model's file, and also in a block of another file that created it. */
export function placeOf(graph: Graph, node: Node, { span: { source } }: Model): { span: Span; secondary: Label[] } {
  if (node.span.source === source) return { span: node.span, secondary: [] }
  let frame = elementAt(graph.frames, node.frame)
  while (frame.span.source !== source) frame = elementAt(graph.frames, present(frame.parent, 'the call around'))
  return { span: frame.span, secondary: [{ span: node.span, text: 'made here' }] }
}
