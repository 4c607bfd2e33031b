import { answerNames, consumersOf, type OnnxNode, type OnnxWeight, withoutUnused } from '../program.js'
import { ValueNames } from '../value_names.js'
import type { Pass } from './pass.js'
import { floatsOf } from './weights.js'

/**
 * Needs: convolutions whose weights are initialisers. Leaves: no batch norm behind a convolution that nothing else uses;
 * y = factor conv(x) + shift, with factor = weight / sqrt(running_var + eps), goes into the convolution's own weight and bias.
 * Two convolutions that share weights and batch norm (the two passes of a model) share the folded ones.
 */
export const foldBatchNorm: Pass = {
  name: 'fold-batch-norm',
  summary: 'batch norm goes into the weights of the convolution before it',
  tolerance: 1e-5,
  run(program) {
    const consumers = consumersOf(program.nodes)
    const answers = answerNames(program)
    const convolutions = new Map(
      program.nodes.flatMap((node) => (node.operator === 'Conv' ? [[node.outputs[0] ?? '', node] as const] : [])),
    )
    const weights = new Map(program.weights)
    const names = ValueNames.beside(program)
    /** By all that the folded weights are made from: two passes share them. */
    const known = new Map<string, { readonly weight: string; readonly bias: string }>()
    const folded = new Map<OnnxNode, OnnxNode>()
    const gone = new Set<OnnxNode>()
    for (const norm of program.nodes) {
      if (norm.operator !== 'BatchNormalization') continue
      const [input = '', ...roles] = norm.inputs
      const convolution = convolutions.get(input)
      if (!convolution || answers.has(input) || consumers.get(input)?.length !== 1) continue
      const [x = '', filter = '', bias] = convolution.inputs
      const statistics = roles.map((name) => program.weights.get(name))
      const parts = { filter: program.weights.get(filter), bias: bias ? program.weights.get(bias) : undefined }
      if (!parts.filter || (bias && !parts.bias) || !statistics.every((weight) => weight !== undefined)) continue
      const eps = epsilonOf(norm)
      const key = JSON.stringify([filter, bias, roles, eps])
      const made = known.get(key) ?? foldedNames(convolution, norm, names)
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
function foldedNames(convolution: OnnxNode, norm: OnnxNode, names: ValueNames) {
  const scope = (name: string | undefined) => (name ?? '').replace(/\.[^.]*$/, '')
  const both = `${scope(convolution.inputs[1])}+${scope(norm.inputs[1]).split('.').at(-1)}`
  return { weight: names.free(`${both}.weight`), bias: names.free(`${both}.bias`) }
}

function epsilonOf({ attributes }: OnnxNode): number {
  const { epsilon } = attributes
  return typeof epsilon === 'object' && 'float' in epsilon ? epsilon.float : 1e-5
}

/** factor and shift of each channel, in double precision. */
async function affine(statistics: readonly OnnxWeight[], eps: number) {
  const [weight, bias, mean, variance] = await Promise.all(statistics.map(floatsOf))
  const factor = Float64Array.from(variance ?? [], (value, c) => (weight?.[c] ?? 1) / Math.sqrt(value + eps))
  const shift = Float64Array.from(factor, (value, c) => (bias?.[c] ?? 0) - (mean?.[c] ?? 0) * value)
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
      const values = await floatsOf(filter)
      const folded = new Float32Array(values.length)
      const area = values.length / factor.length
      for (let c = 0; c < factor.length; c++) {
        const by = factor[c] ?? 1
        for (let i = c * area; i < (c + 1) * area; i++) folded[i] = (values[i] ?? 0) * by
      }
      return folded
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
    shape: statistics[0]?.shape ?? [],
    element: 'float',
    async read() {
      const { factor, shift } = await affine(statistics, eps)
      const own = bias && (await floatsOf(bias))
      return Float32Array.from(shift, (value, c) => value + (own?.[c] ?? 0) * (factor[c] ?? 1))
    },
  }
}
