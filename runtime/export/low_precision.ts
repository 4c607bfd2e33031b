import type { Graph } from '../../compiler/graph/graph.js'
import { operations } from '../../compiler/ops/index.js'
import type { OnnxNode } from '../../compiler/targets/onnx/program.js'

/** The nodes that may compute in half precision or on eight-bit values: those of operations that say so. */
export function lowPrecision({ nodes }: Graph): (node: OnnxNode) => boolean {
  return ({ origin }) => operations.get(nodes[origin ?? -1]?.operation ?? '')?.semantics?.lowPrecision === true
}
