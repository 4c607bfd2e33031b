import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { reachable } from '../graph/prune.js'
import { operations } from '../ops/index.js'
import { type Examined, placeOf } from './examined.js'
import { unnamedItems } from './unused_binding.js'

/** Reports crops that no loss or prediction depends on, except for unused bindings, which are reported already. */
export function unusedCrops({ model, graph, needed }: Examined): Diagnostic[] {
  const crops = needed.filter(({ operation }) => operations.get(operation)?.semantics?.crop)
  const wanted = [...graph.losses, ...graph.predictions].map(({ value }) => value)
  const used = reachable(graph.nodes, wanted)
  const unused = crops.filter(({ id }) => !used.has(id))
  if (unused.length === 0) return []
  const unnamed = unnamedItems(model)
  return unused.flatMap((node) => {
    const { span, secondary } = placeOf(graph, node, model)
    const said = unnamed.some((item) => item.span.start <= span.start && span.end <= item.span.end)
    return said ? [] : [diagnose('unused-crop', {}, span, { secondary })]
  })
}
