import { present } from '../../grammar/present.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { averagedName, type Graph, movingAverages } from '../graph/graph.js'
import { rootsOf } from '../graph/phase.js'
import { reachable } from '../graph/prune.js'
import { instantiate } from './block_call.js'
import type { Call, Elaboration } from './elaboration.js'
import { weightCallName } from './naming.js'
import { type DefinitionValue, errorValue, type Recall, type Value } from './values.js'

/** A call of a block or branch that can be repeated. */
export type BlockRecall = Recall & { readonly callee: DefinitionValue }

/**
 * Evaluates `ema(student, 99.6%)`: the callee of an earlier call runs once more on the same tensors, with parameters of its own that are
 * moving averages of those of the earlier call.
 */
export function callWithAverage(elaboration: Elaboration, recall: BlockRecall, decay: number, call: Call): Value {
  const { builder } = elaboration
  const { context } = call
  const own = weightCallName(call.place)
  const parameterPath = [...context.parameterPath, ...own]
  const paths = { path: [...context.path, ...own], parameterPath }
  const mark = builder.mark()
  // Other calls of the block have trainable weights, so this expansion does not use the cache.
  const uncached = { ...call, context: { ...context, cached: true } }
  const value = instantiate(elaboration, recall.callee, recall.arguments, uncached, paths)
  if (value.kind === 'error') return errorValue
  const average = { path: parameterPath.join('.'), of: recall.parameterPath.join('.'), decay }
  if (builder.average(average, mark) > 0) return value
  const found = `${recall.callee.definition.name.text}, which has no weights`
  elaboration.report(diagnose('wrong-type', { name: '`x`', expected: 'a part with weights', found }, call.span))
  return errorValue
}

/** Returns a problem for the first parameter that averages one which nothing uses. */
export function averageOfUnused(graph: Graph): readonly Diagnostic[] {
  const { nodes, frames, parameters } = graph
  if (movingAverages(parameters.values()).length === 0) return []
  const live = reachable(nodes, rootsOf(graph))
  const used = new Set(nodes.flatMap((node) => (live.has(node.id) ? Object.values(node.parameters) : [])))
  for (const name of used) {
    const { average } = present(parameters.get(name), name)
    const averaged = average && averagedName(name, average)
    if (average === undefined || averaged === undefined || used.has(averaged)) continue
    const call = frames.find(({ parameterPath }) => parameterPath.join('.') === average.path)
    return [diagnose('average-of-unused', { name, averaged }, present(call, average.path).span)]
  }
  return []
}
