import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { onnxListing } from '../../compiler/targets/onnx/listing.js'
import { defaultOpset } from '../../compiler/targets/onnx/opsets.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import { withSkipping } from '../../compiler/targets/onnx/skip_second.js'
import { initialValues } from '../../runtime/weights/initial_values.js'

/** Returns the operations of the ONNX file that `wsban export` writes, as text. Weights are declared without values. */
export function onnxText(graph: Graph): string {
  const inference = specialise(graph, 'inference')
  const weights = (parameter: Parameters<typeof initialValues>[0]) => initialValues(parameter, 1)
  const program = optimise(emitOnnx(inference, { input: 'image', opset: defaultOpset, weights }))
  return onnxListing(withSkipping(program, inference))
}
