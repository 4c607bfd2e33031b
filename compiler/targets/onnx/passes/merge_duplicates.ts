import { elementAt } from '../../../../grammar/present.js'
import { answerNames, type OnnxNode, withInputs, withoutUnused } from '../program.js'
import type { Pass } from './pass.js'

/**
 * Needs: nothing. Leaves: no two nodes with the same operator, attributes and inputs; all uses refer to the first one's outputs. Nodes with bodies
 * (Loop) stay as they are.
 */
export const mergeDuplicates: Pass = {
  name: 'merge-duplicates',
  summary: 'nodes that compute the same are one',
  tolerance: 0,
  run(program) {
    const answers = answerNames(program)
    const first = new Map<string, OnnxNode>()
    const same = new Map<string, string>()
    const nodes: OnnxNode[] = []
    for (const node of program.nodes) {
      const moved = withInputs(node, (name) => same.get(name) ?? name)
      const key = keyOf(moved)
      const known = key === undefined ? undefined : first.get(key)
      // An answer keeps its own node: its name is the file's interface.
      if (!known || moved.outputs.some((name) => answers.has(name))) {
        nodes.push(moved)
        if (key !== undefined && !known) first.set(key, moved)
      } else for (const [index, name] of moved.outputs.entries()) same.set(name, elementAt(known.outputs, index))
    }
    return withoutUnused({ ...program, nodes })
  },
}

function keyOf({ operator, domain, inputs, outputs, attributes }: OnnxNode): string | undefined {
  if (Object.values(attributes).some((value) => typeof value === 'object' && 'graph' in value)) return undefined
  return JSON.stringify([operator, domain, inputs, outputs.length, attributes])
}
