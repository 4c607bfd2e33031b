import type { OnnxNode, OnnxProgram, OnnxWeight } from '../program.js'
import { ValueNames } from '../value_names.js'

/** Larger windows would add more weights to the file than the rest of a layer has. */
const mostCells = 49

/**
 * Returns the program with average pooling written as a depthwise convolution with equal weights, where the two compute the same: the weights
 * need one step in eight bits, so that nothing is lost by rounding them. ONNX Runtime's average pooling on eight-bit values (QLinearAveragePool)
 * took 38 times as long as the one in single precision, and a third of the time of an InceptionV3; its depthwise convolution has a kernel of its own.
 *
 * @param chosen whether a node may be changed
 * @param channelsOf the number of channels of the maps that a node computes
 */
export function withPoolingAsConvolution(
  program: OnnxProgram,
  chosen: (node: OnnxNode) => boolean,
  channelsOf: (node: OnnxNode) => number | undefined,
): OnnxProgram {
  const names = ValueNames.beside(program)
  const weights = new Map(program.weights)
  const nodes = program.nodes.map((node) => {
    const channels = channelsOf(node)
    const window = windowOf(node)
    if (!chosen(node) || window === undefined || channels === undefined) return node
    const weight = equalWeights(names.free(`${node.name}/weight`), channels, window)
    weights.set(weight.name, weight)
    const { count_include_pad: _, ...attributes } = node.attributes
    return {
      ...node,
      operator: 'Conv',
      inputs: [...node.inputs, weight.name],
      attributes: { ...attributes, group: channels },
    }
  })
  return { ...program, nodes, weights }
}

/** Returns the kernel of an average pooling that divides by the same number of cells everywhere; undefined for all other nodes. */
function windowOf({ operator, attributes }: OnnxNode): readonly number[] | undefined {
  const { kernel_shape: kernel, pads = [], count_include_pad: countsPadding } = attributes
  if (operator !== 'AveragePool' || !Array.isArray(kernel) || !Array.isArray(pads)) return undefined
  const same = countsPadding === 1 || pads.every((pad) => pad === 0)
  return same && cellsOf(kernel) <= mostCells ? kernel : undefined
}

function equalWeights(name: string, channels: number, window: readonly number[]): OnnxWeight {
  const cells = cellsOf(window)
  return {
    name,
    element: 'float',
    shape: [channels, 1, ...window],
    read: async () => new Float32Array(channels * cells).fill(1 / cells),
  }
}

function cellsOf(window: readonly number[]): number {
  return window.reduce((product, size) => product * size, 1)
}
