import { elementAt, present } from '../../../../grammar/present.js'
import { answerNames, consumersOf, type OnnxNode, type OnnxWeight, outputOf, withoutUnused } from '../program.js'
import { ValueNames } from '../value_names.js'
import type { Pass } from './pass.js'
import { floatsOf, scaledRows } from './weight_values.js'

/**
 * Needs: convolutions whose weights are initialisers. Leaves: no batch norm after a convolution that has no other use; y = factor conv(x) + shift,
 * with factor = weight / sqrt(running_var + eps), goes into the convolution's own weight and bias. Two convolutions that share weights and batch norm
 * (the two passes of a model) share the folded ones.
 */
export const foldBatchNorm: Pass = {
  name: 'fold-batch-norm',
  summary: 'batch norm goes into the weights of the convolution before it',
  tolerance: 1e-5,
  run(program) {
    const consumers = consumersOf(program.nodes)
    const answers = answerNames(program)
    const convolutions = new Map(
      program.nodes.flatMap((node) => (node.operator === 'Conv' ? [[outputOf(node), node] as const] : [])),
    )
    const weights = new Map(program.weights)
    const names = ValueNames.beside(program)
    /** By everything that the folded weights depend on: two passes share them. */
    const known = new Map<string, { readonly weight: string; readonly bias: string }>()
    const folded = new Map<OnnxNode, OnnxNode>()
    const gone = new Set<OnnxNode>()
    for (const norm of program.nodes) {
      if (norm.operator !== 'BatchNormalization') continue
      const [input = '', ...roles] = norm.inputs
      const convolution = convolutions.get(input)
      if (!convolution || answers.has(input) || consumers(input).length !== 1) continue
      const [x = '', filter = '', bias] = convolution.inputs
      const weightOf = (name: string) => present(program.weights.get(name), name)
      const statistics = roles.map(weightOf)
      const parts = { filter: weightOf(filter), bias: bias === undefined ? undefined : weightOf(bias) }
      const eps = epsilonOf(norm)
      const key = JSON.stringify([filter, bias, roles, eps])
      const made = known.get(key) ?? foldedNames(filter, elementAt(roles, 0), names)
      if (!known.has(key)) {
        known.set(key, made)
        weights.set(made.weight, foldedWeight(made.weight, parts.filter, statistics, eps))
        weights.set(made.bias, foldedBias(made.bias, parts.bias, statistics, eps))
      }
      gone.add(convolution)
      folded.set(norm, {
        ...convolution,
        name: norm.name,
        inputs: [x, made.weight, made.bias],
        outputs: norm.outputs,
      })
    }
    const nodes = program.nodes.flatMap((node) => (gone.has(node) ? [] : [folded.get(node) ?? node]))
    return withoutUnused({ ...program, nodes, weights })
  },
}

/** The batch norm is part of the name: one convolution may be shared while its norms are not. */
function foldedNames(filter: string, factor: string, names: ValueNames) {
  const scope = (name: string) => name.replace(/\.[^.]*$/, '')
  const both = `${scope(filter)}+${scope(factor).split('.').at(-1)}`
  return { weight: names.free(`${both}.weight`), bias: names.free(`${both}.bias`) }
}

function epsilonOf({ attributes }: OnnxNode): number {
  const { epsilon } = attributes
  return typeof epsilon === 'object' && 'float' in epsilon ? epsilon.float : 1e-5
}

/** factor and shift of each channel, in double precision. */
async function affine(statistics: readonly OnnxWeight[], eps: number) {
  const values = await Promise.all(statistics.map(floatsOf))
  const [weight, bias] = [elementAt(values, 0), elementAt(values, 1)]
  const [mean, variance] = [elementAt(values, 2), elementAt(values, 3)]
  const factor = Float64Array.from(variance, (value, c) => (weight[c] as number) / Math.sqrt(value + eps))
  const shift = factor.map((value, c) => (bias[c] as number) - (mean[c] as number) * value)
  return { factor, shift }
}

function foldedWeight(name: string, filter: OnnxWeight, statistics: readonly OnnxWeight[], eps: number): OnnxWeight {
  const { shape, element } = filter
  return {
    name,
    shape,
    element,
    async read() {
      const { factor } = await affine(statistics, eps)
      return scaledRows(await floatsOf(filter), factor)
    },
  }
}

function foldedBias(
  name: string,
  bias: OnnxWeight | undefined,
  statistics: readonly OnnxWeight[],
  eps: number,
): OnnxWeight {
  return {
    name,
    shape: elementAt(statistics, 0).shape,
    element: 'float',
    async read() {
      const { factor, shift } = await affine(statistics, eps)
      const own = bias && (await floatsOf(bias))
      return Float32Array.from(shift, (value, c) => (own ? value + (own[c] as number) * (factor[c] as number) : value))
    },
  }
}
