import { answerNames, consumersOf, type OnnxNode, type OnnxWeight, withoutUnused } from '../program.js'
import { factorOf, isModerate } from './fold_constants.js'
import type { Pass } from './pass.js'
import { floatsOf } from './weights.js'

/** Operators that commute with a multiplication by one number. */
const carriers = new Set(['Reshape', 'Transpose', 'Flatten'])
/** Operators that are linear in input 0, with their weight as input 1. */
const linear = new Set(['Conv', 'Gemm'])

/**
 * Needs: constants. Leaves: no multiplication or division by one constant number whose result goes, through nothing but changes of
 * shape, into a convolution or a linear layer: it is in that one's weights.
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
      const weight = target && weights.get(target.inputs[1] ?? '')
      if (!scale || !isModerate(scale.factor) || !target || !weight || scaled.has(target)) continue
      const name = `${weight.name}*${scale.factor}`
      if (!weights.has(name)) weights.set(name, timesFactor(name, weight, scale.factor))
      scaled.set(target, name)
      skipped.set(node.outputs[0] ?? '', scale.input)
    }
    const nodes = program.nodes
      .filter(({ outputs }) => !skipped.has(outputs[0] ?? ''))
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

/** The linear node at the end of a chain of changes of shape that nothing else uses. */
function linearAfter(
  start: OnnxNode,
  consumers: ReadonlyMap<string, readonly OnnxNode[]>,
  answers: ReadonlySet<string>,
): OnnxNode | undefined {
  let node = start
  for (;;) {
    const [value = ''] = node.outputs
    const [next, ...others] = consumers.get(value) ?? []
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
      const values = await floatsOf(weight)
      const scaled = new Float32Array(values.length)
      for (let i = 0; i < values.length; i++) scaled[i] = (values[i] ?? 0) * factor
      return scaled
    },
  }
}
