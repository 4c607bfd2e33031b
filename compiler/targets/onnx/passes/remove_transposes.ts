import { elementAt } from '../../../../grammar/present.js'
import { answerNames, type OnnxNode, withInputs, withoutUnused } from '../program.js'
import type { Pass } from './pass.js'

/** Needs: nothing. Leaves: no Transpose of a Transpose, and no identity Transpose. */
export const removeTransposes: Pass = {
  name: 'remove-transposes',
  summary: 'transposes that follow one another are one, and none when they cancel',
  tolerance: 0,
  run(program) {
    const answers = answerNames(program)
    const transposes = new Map<string, { readonly input: string; readonly order: readonly number[] }>()
    const same = new Map<string, string>()
    const nodes = program.nodes.flatMap((original): OnnxNode[] => {
      const node = withInputs(original, (name) => same.get(name) ?? name)
      const { perm } = node.attributes
      const [input = '', output = ''] = [node.inputs[0], node.outputs[0]]
      if (node.operator !== 'Transpose' || !isOrder(perm)) return [node]
      const before = transposes.get(input)
      const whole = before
        ? { input: before.input, order: perm.map((axis) => elementAt(before.order, axis)) }
        : { input, order: perm }
      if (whole.order.every((axis, index) => axis === index) && !answers.has(output)) {
        same.set(output, whole.input)
        return []
      }
      transposes.set(output, whole)
      return [{ ...node, inputs: [whole.input], attributes: { perm: whole.order } }]
    })
    return withoutUnused({ ...program, nodes })
  },
}

function isOrder(value: unknown): value is readonly number[] {
  return Array.isArray(value)
}
