import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import type { Node } from '../graph/graph.js'
import { operations } from '../ops/index.js'
import { elementsPerImage, sizeOf } from '../ops/support/shapes.js'

/**
 * The nodes that take the statistics of a batch of one image whose maps have one cell: the variance of a single value is 0, the output is the
 * same for every image, and PyTorch refuses to train.
 */
export function oneValuePerChannel(nodes: readonly Node[], batch: number): readonly Node[] {
  if (batch > 1) return []
  return nodes.filter(({ operation, outputs }) => {
    const [type] = outputs
    return (
      operations.get(operation)?.semantics?.batchStatistics === true &&
      type !== undefined &&
      elementsPerImage(type) === sizeOf(type.shape, 1)
    )
  })
}

export function batchStatisticsProblems(nodes: readonly Node[], batch: number): readonly Diagnostic[] {
  return oneValuePerChannel(nodes, batch).map(({ operation, span }) =>
    diagnose('one-value-per-channel', { operation }, span),
  )
}
