import { elementAt, present } from '../../grammar/present.js'
import type { Model, Span } from '../../grammar/tree.js'
import type { Diagnostic, Label } from '../diagnostics/diagnostic.js'
import type { Graph, Node } from '../graph/graph.js'
import type { Normalization } from '../training/normalization.js'

/** A model without errors, which may all the same not be what was meant. */
export interface Examined {
  readonly model: Model
  readonly graph: Graph
  /** The nodes of the graph that something needs, in order. */
  readonly needed: readonly Node[]
  /** Of published weights, where it is known. */
  readonly normalizationOf: (weights: string) => Normalization | undefined
}

/** Looks for one kind of slip. */
export type Warning = (examined: Examined) => readonly Diagnostic[]

/** Where a node is to be shown: in the model's own file, and, where a block of another file made it, there as well. */
export function placeOf(graph: Graph, node: Node, { span: { source } }: Model): { span: Span; secondary: Label[] } {
  if (node.span.source === source) return { span: node.span, secondary: [] }
  let frame = elementAt(graph.frames, node.frame)
  while (frame.span.source !== source) frame = elementAt(graph.frames, present(frame.parent, 'the call around'))
  return { span: frame.span, secondary: [{ span: node.span, text: 'made here' }] }
}
