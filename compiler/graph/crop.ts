import { operations } from '../ops/index.js'
import type { CropOutputs, Node } from './graph.js'

/** The boxes of the last crop in the model, and the map they were taken from: the export's `boxes` and `attention`. */
export function cropOutputs(nodes: readonly Node[]): CropOutputs | undefined {
  const last = nodes.findLast(({ operation }) => operations.get(operation)?.semantics?.crop)
  const crop = last && operations.get(last.operation)?.semantics?.crop
  const guide = crop && last.inputs.find(({ argument }) => argument === crop.guide)?.value
  return guide && { box: { node: last.id, output: crop.boxes }, guide }
}
