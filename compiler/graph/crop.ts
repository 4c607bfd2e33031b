import { operations } from '../ops/index.js'
import type { CropOutputs, Node, ValueRef } from './graph.js'
import { reachable } from './prune.js'

/**
 * Returns the boxes of the model's crops, and the maps that they were computed from. A crop inside of a branch or block is an output if the wanted
 * values depend on it; one that the model itself binds always is.
 *
 * @param wanted losses, predictions and logits
 */
export function cropOutputs(nodes: readonly Node[], wanted: readonly ValueRef[]): CropOutputs[] {
  const used = reachable(nodes, wanted)
  const crops = nodes.filter(({ operation }) => operations.get(operation)?.semantics?.crop)
  const shown = crops.filter(({ id, path }) => path.length === 1 || used.has(id))
  return (shown.length > 0 ? shown : crops.slice(0, 1)).flatMap((node, index) => {
    const crop = operations.get(node.operation)?.semantics?.crop
    const guide = crop && node.inputs.find(({ argument }) => argument === crop.guide)?.value
    const suffix = index === 0 ? '' : `/${node.path.join('/')}`
    return guide
      ? [
          {
            names: { box: `boxes${suffix}`, guide: `attention${suffix}` },
            box: { node: node.id, output: crop.boxes },
            guide,
          },
        ]
      : []
  })
}
