import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Graph, NamedValue, Node } from '../graph/graph.js'
import { hasWeights, selectionsFor } from '../graph/skipping.js'
import { type Examined, placeOf } from './examined.js'

/** Reports cascades that save nothing, since all weights of the second prediction are needed for every image. */
export function idleCascades({ model, graph }: Examined): Diagnostic[] {
  return selectionsFor(graph, valuesOf(graph.predictions))
    .filter(({ node }) => !saves(graph, node, graph.predictions))
    .map(({ node }) => {
      const keeper = graph.predictions.find(
        (prediction) =>
          prediction.value.node !== node.id &&
          saves(
            graph,
            node,
            graph.predictions.filter((other) => other !== prediction),
          ),
      )
      const { span, secondary } = placeOf(graph, node, model)
      return diagnose('idle-cascade', { keeper: keeper?.name, inner: node.frame !== 0 }, span, { secondary })
    })
}

function saves(graph: Graph, node: Node, predictions: readonly NamedValue[]): boolean {
  const selection = selectionsFor(graph, valuesOf(predictions)).find((one) => one.node === node)
  return graph.nodes.some((one) => selection?.skipped.has(one.id) && hasWeights(one))
}

function valuesOf(predictions: readonly NamedValue[]) {
  return predictions.map(({ value }) => value)
}
