import type { Span } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { splitFrozen } from '../graph/frozen_parts.js'
import type { Graph } from '../graph/graph.js'
import { elements } from '../ops/support/tensor.js'

/** Reports a feature cache without features, or one for images that never occur again. */
export function cacheProblems(graph: Graph, span: Span): readonly Diagnostic[] {
  const { cache, groups, mix = [] } = graph.plan
  if (!cache) return []
  const [mixing] = mix
  if (mixing) {
    const why = `\`${mixing.name}\` makes new images of each batch`
    return [
      diagnose(
        'cannot-cache',
        { why, instead: `take ${mixing.name} out of the augment block, or leave cache out` },
        span,
      ),
    ]
  }
  const { parts } = splitFrozen(graph, (path) => path.join('.'))
  if (parts.length > 0) return []
  const frozen = groups.filter((group) => group.frozen === 'all' || group.frozen >= 1)
  if (frozen.length > 0) {
    const names = frozen.map(({ path }) => `\`${path}\``).join(', ')
    const why = `what ${names} computes depends on weights that are trained, on labels, or on random numbers`
    return [
      diagnose('cannot-cache', { why, instead: 'freeze what lies between the image and these weights as well' }, span),
    ]
  }
  const path = likelyTrunk(graph)
  const instead =
    path === undefined
      ? 'freeze a part of the model for an epoch or more'
      : `freeze a part of the model: trunk = group(${path}, frozen = all)`
  return [diagnose('cannot-cache', { why: 'no part of the model is frozen for a whole epoch', instead }, span)]
}

/** Returns the path of the part with published weights; otherwise of the binding of a branch with the most weights. */
function likelyTrunk({ pretrained, parameters }: Graph): string | undefined {
  const [begun] = pretrained
  if (begun) return begun.path.join('.')
  const weights = new Map<string, number>()
  for (const { name, shape, trainable } of parameters.values()) {
    const parts = name.split('.')
    if (!trainable || parts.length < 3) continue
    const path = parts.slice(0, 2).join('.')
    weights.set(path, (weights.get(path) ?? 0) + elements(shape))
  }
  const [largest] = [...weights].sort(([, a], [, b]) => b - a)
  return largest?.[0]
}
