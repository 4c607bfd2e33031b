import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Code } from '../diagnostics/table.js'
import type { Graph, Node, ValueRef } from '../graph/graph.js'
import { producerOf } from '../graph/value_properties.js'
import { operations } from '../ops/index.js'
import type { UnlikelyProperty } from '../ops/operation.js'
import { type Examined, placeOf } from './examined.js'

const codeOf = {
  probabilities: 'softmax-twice',
  'unit length': 'unscaled-classifier',
  enlarged: 'enlarged-guide',
} as const satisfies Readonly<Record<UnlikelyProperty, Code>>

/** Reports operands with a property that the argument does not expect: probabilities passed as logits. */
export function unlikelyValues({ model, graph, needed }: Examined): Diagnostic[] {
  const selective = needed.flatMap(unlikelyInputs)
  const logits = logitsOf(graph, selective)
  return selective.flatMap(({ node, argument, property, value }) => {
    const producer = producerOf(graph, value, property)
    // Inputs of unit norm are a problem only for a classifier's logits.
    if (!producer || (property === 'unit length' && !logits.has(node.id))) return []
    const { span, secondary } = placeOf(graph, node, model)
    const produced = placeOf(graph, producer, model).span
    const elsewhere = produced.start === span.start ? [] : [{ span: produced, text: `by ${producer.operation}` }]
    const values = { callee: node.operation, argument, giver: producer.operation }
    return [diagnose(codeOf[property], values, span, { secondary: [...elsewhere, ...secondary] })]
  })
}

interface UnlikelyInput {
  readonly node: Node
  readonly argument: string
  readonly property: UnlikelyProperty
  readonly value: ValueRef
}

/** By operation and argument, the property that is unlikely to be meant. */
const unlikelyOf: ReadonlyMap<string, ReadonlyMap<string, UnlikelyProperty>> = new Map(
  [...operations.values()].flatMap((operation) => {
    const properties = operation.arguments.flatMap(({ name, unlikely }) =>
      unlikely ? [[name, unlikely] as const] : [],
    )
    return properties.length > 0 ? [[operation.name, new Map(properties)] as const] : []
  }),
)

/** Returns the operands of a node that must not have a certain property. */
export function unlikelyInputs(node: Node): readonly UnlikelyInput[] {
  const properties = unlikelyOf.get(node.operation)
  if (!properties) return []
  return node.inputs.flatMap(({ argument, value }) => {
    const property = properties.get(argument)
    return property ? [{ node, argument, property, value }] : []
  })
}

/** Nodes whose value is used as logits. */
function logitsOf(graph: Graph, selective: readonly UnlikelyInput[]): ReadonlySet<number> {
  const taken = selective.flatMap(({ property, value }) => (property === 'probabilities' ? [value.node] : []))
  return new Set([...taken, ...graph.logits.map(({ value }) => value.node)])
}
