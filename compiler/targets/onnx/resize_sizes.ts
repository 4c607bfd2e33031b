import type { OnnxNode } from './program.js'

/**
 * Gives each Resize a size for every axis instead of sizes for its last ones. ONNX Runtime (1.30 to 1.32) moves transposes through a Resize
 * and then permutes the sizes of chosen axes as if they were those of all: it reads past their end.
 */
export function withWholeSizes(nodes: readonly OnnxNode[], free: (name: string) => string): readonly OnnxNode[] {
  return nodes.flatMap((node) => (node.operator === 'Resize' ? withAllAxes(node, free) : [node]))
}

/** @returns the node as it is when its `axes` are absent */
function withAllAxes(node: OnnxNode, free: (name: string) => string): readonly OnnxNode[] {
  const { axes, ...attributes } = node.attributes
  const [first] = Array.isArray(axes) ? axes : []
  const [input = '', region = '', scales = '', sizes = ''] = node.inputs
  if (typeof first !== 'number') return [node]
  const step = (name: string, rest: Pick<OnnxNode, 'operator' | 'inputs' | 'attributes'>): OnnxNode => ({
    ...rest,
    name,
    outputs: [name],
    ...(node.origin !== undefined && { origin: node.origin }),
  })
  const [kept, all] = [free(`${node.name}/kept_sizes`), free(`${node.name}/sizes`)]
  return [
    step(kept, { operator: 'Shape', inputs: [input], attributes: { start: 0, end: first } }),
    step(all, { operator: 'Concat', inputs: [kept, sizes], attributes: { axis: 0 } }),
    { ...node, inputs: [input, region, scales, all], attributes },
  ]
}
