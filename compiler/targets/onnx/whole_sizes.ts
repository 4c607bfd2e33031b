import type { OnnxNode, OnnxProgram } from '../program.js'

/**
 * Needs: Resize nodes whose axes are the last ones. Leaves: the same with a size for every axis. Where convolutions compute on integers,
 * ONNX Runtime (1.30 to 1.32) moves transposes through a Resize and then reads sizes of chosen axes as if they were those of all.
 */
export function withWholeSizes(program: OnnxProgram): OnnxProgram {
  return { ...program, nodes: program.nodes.flatMap((node) => (node.operator === 'Resize' ? whole(node) : [node])) }
}

function whole(node: OnnxNode): readonly OnnxNode[] {
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
  const [kept, all] = [`${node.name}/kept_sizes`, `${node.name}/sizes`]
  return [
    step(kept, { operator: 'Shape', inputs: [input], attributes: { start: 0, end: first } }),
    step(all, { operator: 'Concat', inputs: [kept, sizes], attributes: { axis: 0 } }),
    { ...node, inputs: [input, region, scales, all], attributes },
  ]
}
