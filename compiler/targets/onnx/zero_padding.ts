import type { OnnxNode } from './program.js'

/** Pooling operators into which runtimes merge zero padding. */
const poolings = new Set(['MaxPool', 'AveragePool'])

/**
 * Names the axes of each padding of zeros before a pooling. ONNX Runtime (1.17 to 1.30 at least, `PadFusion`) merges such a Pad into the pooling
 * unless it names its axes. The pooling's own padding is minus infinity, or is excluded from the mean, so the merged result is different.
 *
 * @param integers adds a constant and returns its name
 */
export function withoutMergedPadding(
  nodes: readonly OnnxNode[],
  integers: (values: readonly number[]) => string,
): readonly OnnxNode[] {
  const pooled = new Set(nodes.flatMap(({ operator, inputs }) => (poolings.has(operator) ? inputs.slice(0, 1) : [])))
  return nodes.map((node) => {
    const { operator, inputs, outputs } = node
    const [operand = '', pads = '', ...others] = inputs
    if (operator !== 'Pad' || others.length > 0 || !outputs.some((name) => pooled.has(name))) return node
    // Maps: the batch, channels, and two axes of space.
    return { ...node, inputs: [operand, pads, '', integers([0, 1, 2, 3])] }
  })
}
