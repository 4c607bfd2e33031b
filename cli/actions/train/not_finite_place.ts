import { positionOf } from '../../../compiler/diagnostics/render.js'
import type { Span } from '../../../grammar/tree.js'
import type { ReadySpec } from '../../../runtime/specs/host.js'
import { firstNotFinite } from '../../../runtime/training/locate.js'
import type { TrainingRequest } from '../../../runtime/training/start_training.js'

/**
 * Describes the line of the spec that first computed a value that is not finite: `first in master.embedding = l2_normalize (models/wsban.wsban:12)`
 */
export async function notFinitePlace(
  { graph, stored, texts }: ReadySpec,
  ...[found, ...at]: Parameters<NonNullable<TrainingRequest['locate']>>
): Promise<string | undefined> {
  const place = (span: Span) => `${span.source}:${positionOf(span, texts).line}`
  const bad = await firstNotFinite(graph, stored.entry, ...at)
  if (bad) {
    const { node, of } = bad
    const where = of === 'value' ? 'first in' : 'on the way back first through'
    return `${where} ${node.path.join('.')} (${node.operation}, ${place(node.span)})`
  }
  // The norm may overflow while every gradient is finite.
  const [name] = 'gradients' in found ? found.gradients : []
  const parameter = name === undefined ? undefined : graph.parameters.get(name)
  return parameter && `the weight is of ${place(parameter.span)}`
}
