import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { reachable } from '../graph/prune.js'
import { operations } from '../ops/index.js'
import { type Examined, placeOf } from './examined.js'
import { unnamedItems } from './unused_binding.js'

/** Crops on which no loss and no prediction depends. Of a crop that nothing names that is said already. */
export function unusedCrops({ model, graph }: Examined): Diagnostic[] {
  const wanted = [...graph.losses, ...graph.predictions].map(({ value }) => value)
  const needed = reachable(graph.nodes, wanted)
  const unnamed = unnamedItems(model)
  return graph.nodes
    .filter(({ id, operation }) => operations.get(operation)?.crop && !needed.has(id))
    .flatMap((node) => {
      const { span, secondary } = placeOf(graph, node, model)
      const said = unnamed.some((item) => item.span.start <= span.start && span.end <= item.span.end)
      return said ? [] : [diagnose('unused-crop', {}, span, '', secondary)]
    })
}
