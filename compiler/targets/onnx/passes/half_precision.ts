import {
  answerNames,
  type OnnxConstant,
  type OnnxNode,
  type OnnxProgram,
  type OnnxWeight,
  withoutUnused,
} from '../program.js'

/**
 * Needs: a program in single precision, and which of its nodes may compute in half. Leaves: those nodes in half with half weights, a
 * Cast where a value goes from one to the other, and the interface as it was: answers are float32.
 */
export function toHalfPrecision(program: OnnxProgram, mayBeHalf: (node: OnnxNode) => boolean): OnnxProgram {
  const constants = new Map(program.constants)
  const weights = new Map(program.weights)
  const answers = answerNames(program)
  const halves = new Set<string>()
  const casts = new Set<string>()
  const nodes: OnnxNode[] = []
  const cast = (from: string, to: string, element: 1 | 10, { origin }: OnnxNode) => {
    if (!casts.has(to))
      nodes.push({
        operator: 'Cast',
        name: to,
        inputs: [from],
        outputs: [to],
        attributes: { to: element },
        ...(origin !== undefined && { origin }),
      })
    casts.add(to)
    return to
  }
  const inHalf = (name: string, node: OnnxNode): string => {
    if (name === '' || halves.has(name)) return name
    const half = `${name}/half`
    const weight = program.weights.get(name)
    const constant = program.constants.get(name)
    if (weight) weights.set(half, halfWeight(half, weight))
    else if (constant) {
      if (constant.element !== 'float') return name
      constants.set(half, halfConstant(half, constant))
    } else return cast(name, half, 10, node)
    return half
  }
  const inSingle = (name: string, node: OnnxNode) => (halves.has(name) ? cast(name, `${name}/single`, 1, node) : name)
  for (const node of program.nodes) {
    if (!mayBeHalf(node)) {
      // A body sees values of the graph around it; none of those is a node's that may be half.
      nodes.push({ ...node, inputs: node.inputs.map((name) => inSingle(name, node)) })
      continue
    }
    const inputs = node.inputs.map((name) => inHalf(name, node))
    const outputs = node.outputs.map((name) => (answers.has(name) ? `${name}/half` : name))
    nodes.push({ ...node, name: outputs[0] ?? node.name, inputs, outputs })
    for (const [index, name] of node.outputs.entries()) {
      halves.add(outputs[index] ?? name)
      if (answers.has(name)) cast(`${name}/half`, name, 1, node)
    }
  }
  return withoutUnused({ ...program, nodes, constants, weights })
}

function halfWeight(name: string, weight: OnnxWeight): OnnxWeight {
  return { ...weight, name, element: 'float16' }
}

function halfConstant(name: string, constant: OnnxConstant): OnnxConstant {
  return { ...constant, name, element: 'float16' }
}
