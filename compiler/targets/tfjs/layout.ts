import { elementAt, present } from '../../../grammar/present.js'
import { type Graph, type Node, type TensorType, typeOf, type ValueRef } from '../../graph/graph.js'
import { answers } from '../../graph/phase.js'
import { operations } from '../../ops/index.js'
import { elementsPerImage } from '../../ops/support/shapes.js'
import { TypedCall } from '../../ops/support/typed.js'
import { inputTypes } from '../input_types.js'
import type { LayoutRule, StorageLayout } from './lowering.js'
import { isIdentity, storedPermutation } from './storage.js'

/**
 * The storage layout of each rank-4 tensor in TensorFlow.js: the graph is channels-first, and the kernels of convolution and pooling are
 * channels-last. Operations that support both layouts use the one that needs fewer transposes.
 */
export class Layouts {
  private readonly stored = new Map<number, StorageLayout>()
  private readonly rules: readonly LayoutRule[]
  private readonly consumers: readonly (readonly { readonly node: Node; readonly value: ValueRef }[])[]
  private readonly answered: ReadonlySet<number>

  /** @param given the order in which the inputs arrive; images come as a decoder stores them */
  constructor(
    private readonly graph: Graph,
    private readonly given: StorageLayout = 'channels last',
  ) {
    this.rules = graph.nodes.map((node) => this.ruleOf(node))
    const consumers: { node: Node; value: ValueRef }[][] = graph.nodes.map(() => [])
    for (const node of graph.nodes)
      for (const { value } of node.inputs) elementAt(consumers, value.node).push({ node, value })
    this.consumers = consumers
    this.answered = new Set(answers(graph).map(({ node }) => node))
    this.assign()
  }

  /** Returns the order in which the value is stored; undefined where it has no rank of 4, and the order is that of the language. */
  of(value: ValueRef): StorageLayout | undefined {
    return hasLayout(typeOf(this.graph, value)) ? this.nodeLayout(value.node) : undefined
  }

  /** Returns the order in which the node reads its operands of rank 4; `any` where it takes them as they are stored. */
  readBy(node: Node): StorageLayout | 'any' {
    return typeof elementAt(this.rules, node.id) === 'object' ? 'any' : this.nodeLayout(node.id)
  }

  /** Returns the orders of what the node reads and gives. */
  around(node: Node): readonly (StorageLayout | undefined)[] {
    const outputs = node.outputs.map((_, output) => this.of({ node: node.id, output }))
    return [...node.inputs.map(({ value }) => this.of(value)), ...outputs]
  }

  private nodeLayout(node: number): StorageLayout {
    return present(this.stored.get(node), 'the layout of a node')
  }

  /** Every node initially uses its operands' layout if it can; then layouts are changed as long as that saves transposed elements. */
  private assign(): void {
    const free: Node[] = []
    for (const node of this.graph.nodes) {
      const rule = elementAt(this.rules, node.id)
      if (rule === 'channels last' || rule === 'channels first') this.stored.set(node.id, rule)
      else {
        this.stored.set(node.id, this.operandLayout(node) ?? 'channels first')
        free.push(node)
      }
    }
    let improved = true
    while (improved) {
      improved = false
      // Backwards, so that a consumer's preference propagates to all its producers in one sweep.
      for (const node of free.toReversed()) {
        const now = this.nodeLayout(node.id)
        const other = now === 'channels last' ? 'channels first' : 'channels last'
        const cost = this.transposedElements(node)
        this.stored.set(node.id, other)
        if (this.transposedElements(node) < cost) improved = true
        else this.stored.set(node.id, now)
      }
    }
  }

  private ruleOf(node: Node): LayoutRule {
    const operation = operations.get(node.operation)
    if (!operation) return this.given
    const { layout = 'channels last' } = operation.lowering
    return typeof layout === 'function'
      ? layout(new TypedCall(node.operation, inputTypes(node, this.graph), node.attributes))
      : layout
  }

  private operandLayout(node: Node): StorageLayout | undefined {
    const first = node.inputs.find(({ value }) => hasLayout(typeOf(this.graph, value)))
    return first && this.nodeLayout(first.value.node)
  }

  /** Elements that are transposed between the node and its neighbours. */
  private transposedElements(node: Node): number {
    const into = node.inputs.reduce((total, { value }) => total + this.transposed(value, node), 0)
    const readers = new Map<string, number>()
    for (const { node: reader, value } of elementAt(this.consumers, node.id)) {
      // Operations that want one order share the transposed tensor.
      const wanted = this.readBy(reader)
      const key = wanted === 'any' ? `${reader.id}` : `${value.output} ${wanted}`
      readers.set(key, this.transposed(value, reader))
    }
    const out = [...readers.values()].reduce((total, elements) => total + elements, 0)
    const answer = this.answered.has(node.id) && this.nodeLayout(node.id) === 'channels first'
    return into + out + (answer ? node.outputs.filter(hasLayout).reduce((n, type) => n + elementsPerImage(type), 0) : 0)
  }

  private transposed(value: ValueRef, reader: Node): number {
    const stored = this.of(value)
    const rule = elementAt(this.rules, reader.id)
    const moves =
      typeof rule === 'object'
        ? !isIdentity(storedPermutation(rule.permutation, stored, this.of({ node: reader.id, output: 0 })))
        : stored !== undefined && stored !== this.nodeLayout(reader.id)
    return moves ? elementsPerImage(typeOf(this.graph, value)) : 0
  }
}

function hasLayout({ element, shape }: TensorType): boolean {
  return element === 'float' && shape.length === 4
}
