import {
  answerNames,
  consumersOf,
  inputOf,
  type OnnxNode,
  type OnnxWeight,
  outputOf,
  withoutUnused,
} from '../program.js'
import { factorOf, isModerate } from './fold_constants.js'
import type { Pass } from './pass.js'
import { floatsOf, scaledRows } from './weight_values.js'

/** Operators that commute with a multiplication by one number. */
const carriers = new Set(['Reshape', 'Transpose', 'Flatten'])
/** Operators that are linear in input 0, with their weight as input 1. */
const linear = new Set(['Conv', 'Gemm'])

/**
 * Needs: constants. Leaves: no multiplication or division by one constant number whose result reaches, only through changes of shape, a convolution
 * or a linear layer: it is folded into the weights.
 */
export const foldScales: Pass = {
  name: 'fold-scales',
  summary: 'a factor before a linear layer or a convolution goes into its weights',
  tolerance: 1e-5,
  run(program) {
    const consumers = consumersOf(program.nodes)
    const answers = answerNames(program)
    const weights = new Map(program.weights)
    const scaled = new Map<OnnxNode, string>()
    const skipped = new Map<string, string>()
    for (const node of program.nodes) {
      const scale = factorOf(node, program.constants)
      const target = scale && linearAfter(node, consumers, answers)
      const weight = target && weights.get(inputOf(target, 1))
      if (!scale || !isModerate(scale.factor) || !target || !weight || scaled.has(target)) continue
      const name = `${weight.name}*${scale.factor}`
      if (!weights.has(name)) weights.set(name, timesFactor(name, weight, scale.factor))
      scaled.set(target, name)
      skipped.set(outputOf(node), scale.input)
    }
    const nodes = program.nodes
      .filter((node) => !skipped.has(outputOf(node)))
      .map((node) => {
        const weight = scaled.get(node)
        const inputs = node.inputs.map((name, index) =>
          index === 1 && weight !== undefined ? weight : (skipped.get(name) ?? name),
        )
        return { ...node, inputs }
      })
    return withoutUnused({ ...program, nodes, weights })
  },
}

/** Returns the linear node at the end of a chain of changes of shape without other uses. */
function linearAfter(
  start: OnnxNode,
  consumers: ReturnType<typeof consumersOf>,
  answers: ReadonlySet<string>,
): OnnxNode | undefined {
  let node = start
  for (;;) {
    const value = outputOf(node)
    const [next, ...others] = consumers(value)
    if (!next || others.length > 0 || answers.has(value) || next.inputs[0] !== value) return undefined
    if (linear.has(next.operator)) return next
    if (!carriers.has(next.operator)) return undefined
    node = next
  }
}

function timesFactor(name: string, weight: OnnxWeight, factor: number): OnnxWeight {
  return {
    ...weight,
    name,
    async read() {
      return scaledRows(await floatsOf(weight), Float64Array.of(factor))
    },
  }
}
