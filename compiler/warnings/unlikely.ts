import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Code } from '../diagnostics/table.js'
import type { Graph, Node, ValueRef } from '../graph/graph.js'
import { operations } from '../ops/index.js'
import type { Trait } from '../ops/operation.js'
import { type Examined, placeOf } from './examined.js'
import { giverOf } from './traits.js'

const codeOf = {
  probabilities: 'softmax-twice',
  'unit length': 'unscaled-classifier',
  enlarged: 'enlarged-guide',
} as const satisfies Readonly<Record<Trait, Code>>

/** Values of a kind that the argument they are given to does not expect: probabilities for logits. */
export function unlikelyValues({ model, graph }: Examined): Diagnostic[] {
  const logits = logitsOf(graph)
  return graph.nodes.flatMap((node) =>
    unlikelyInputs(node).flatMap(({ argument, trait, value }) => {
      const giver = giverOf(graph, value, trait)
      // A row of length 1 is too short for a classifier alone; other layers may well be given one.
      if (!giver || (trait === 'unit length' && !logits.has(node.id))) return []
      const { span, secondary } = placeOf(graph, node, model)
      const made = placeOf(graph, giver, model).span
      const elsewhere = made.start === span.start ? [] : [{ span: made, text: `by ${giver.operation}` }]
      const values = { callee: node.operation, argument, giver: giver.operation }
      return [diagnose(codeOf[trait], values, span, '', [...elsewhere, ...secondary])]
    }),
  )
}

interface UnlikelyInput {
  readonly argument: string
  readonly trait: Trait
  readonly value: ValueRef
}

function unlikelyInputs({ operation, inputs }: Node): UnlikelyInput[] {
  const specs = operations.get(operation)?.arguments ?? []
  return inputs.flatMap(({ argument, value }) => {
    const trait = specs.find(({ name }) => name === argument)?.unlikely
    return trait ? [{ argument, trait, value }] : []
  })
}

/** Nodes whose value is taken for logits. */
function logitsOf(graph: Graph): ReadonlySet<number> {
  const taken = graph.nodes.flatMap((node) =>
    unlikelyInputs(node).flatMap(({ trait, value }) => (trait === 'probabilities' ? [value.node] : [])),
  )
  return new Set([...taken, ...graph.logits.map(({ value }) => value.node)])
}
