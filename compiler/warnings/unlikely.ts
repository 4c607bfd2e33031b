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
export function unlikelyValues({ model, graph, needed }: Examined): Diagnostic[] {
  const choosy = needed.flatMap(unlikelyInputs)
  const logits = logitsOf(graph, choosy)
  return choosy.flatMap(({ node, argument, trait, value }) => {
    const giver = giverOf(graph, value, trait)
    // A row of length 1 is too short for a classifier alone; other layers may well be given one.
    if (!giver || (trait === 'unit length' && !logits.has(node.id))) return []
    const { span, secondary } = placeOf(graph, node, model)
    const made = placeOf(graph, giver, model).span
    const elsewhere = made.start === span.start ? [] : [{ span: made, text: `by ${giver.operation}` }]
    const values = { callee: node.operation, argument, giver: giver.operation }
    return [diagnose(codeOf[trait], values, span, '', [...elsewhere, ...secondary])]
  })
}

interface UnlikelyInput {
  readonly node: Node
  readonly argument: string
  readonly trait: Trait
  readonly value: ValueRef
}

/** Of the operations that do not expect everything: what is unlikely for which argument. */
const unlikelyOf: ReadonlyMap<string, ReadonlyMap<string, Trait>> = new Map(
  [...operations.values()].flatMap((operation) => {
    const traits = operation.arguments.flatMap(({ name, unlikely }) => (unlikely ? [[name, unlikely] as const] : []))
    return traits.length > 0 ? [[operation.name, new Map(traits)] as const] : []
  }),
)

function unlikelyInputs(node: Node): readonly UnlikelyInput[] {
  const traits = unlikelyOf.get(node.operation)
  if (!traits) return []
  return node.inputs.flatMap(({ argument, value }) => {
    const trait = traits.get(argument)
    return trait ? [{ node, argument, trait, value }] : []
  })
}

/** Nodes whose value is taken for logits. */
function logitsOf(graph: Graph, choosy: readonly UnlikelyInput[]): ReadonlySet<number> {
  const taken = choosy.flatMap(({ trait, value }) => (trait === 'probabilities' ? [value.node] : []))
  return new Set([...taken, ...graph.logits.map(({ value }) => value.node)])
}
