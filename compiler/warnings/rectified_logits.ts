import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { type Node, typeOf } from '../graph/graph.js'
import { producerOf } from '../graph/value_properties.js'
import { type Examined, placeOf } from './examined.js'
import { unlikelyInputs } from './unlikely.js'

/** Reports logits of a loss, or of a branch that predicts, that an activation clips at 0. Each activation is reported once. */
export function rectifiedLogits({ model, graph, needed }: Examined): Diagnostic[] {
  const answers = new Set(graph.logits.map(({ value }) => value.node))
  const isLoss = ({ id }: Node) => typeOf(graph, { node: id, output: 0 }).shape.length <= 1
  const reported = new Set<number>()
  return needed.flatMap(unlikelyInputs).flatMap(({ node, argument, property, value }) => {
    if (property !== 'probabilities' || !(isLoss(node) || answers.has(value.node))) return []
    const producer = producerOf(graph, value, 'rectified')
    if (!producer || reported.has(producer.id)) return []
    reported.add(producer.id)
    const { span, secondary } = placeOf(graph, producer, model)
    const values = { callee: node.operation, argument, giver: producer.operation }
    return [diagnose('rectified-logits', values, span, { secondary })]
  })
}
