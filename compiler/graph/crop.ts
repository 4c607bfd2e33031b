import { operations } from '../ops/index.js'
import type { CropOutputs, Node } from './graph.js'

/** The boxes of the last crop in the model, and the map they were taken from: the export's `boxes` and `attention`. */
export function cropOutputs(nodes: readonly Node[]): CropOutputs | undefined {
  for (const node of nodes.toReversed()) {
    const crop = operations.get(node.operation)?.crop
    const guide = crop && node.inputs.find(({ argument }) => argument === crop.guide)?.value
    if (crop && guide) return { box: { node: node.id, output: crop.boxes }, guide }
  }
  return undefined
}
