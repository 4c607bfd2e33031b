import { readFileSync, rmSync } from 'node:fs'
import onnxProto from 'onnx-proto'
import { exportOnnx } from '../../../runtime/export/onnx.js'
import type { Compiled } from './specs.js'

/** Writes the file and reads it back: its graph and metadata. */
export async function exported({ graph, stored }: Compiled, classes: readonly string[], path: string) {
  await exportOnnx({ graph, stored, classes, path, input: 'image', weights: { seed: 1 } })
  const model = onnxProto.onnx.ModelProto.decode(readFileSync(path))
  rmSync(path)
  const nodes = model.graph?.node ?? []
  return {
    docs: nodes.map((node) => node.docString ?? ''),
    structure: JSON.stringify({ ...model.graph, node: nodes.map((node) => ({ ...node, docString: '' })) }),
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key ?? '', value ?? ''])),
  }
}
