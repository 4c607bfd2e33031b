import { elementAt } from '../../../../grammar/present.js'
import {
  answerNames,
  bodiesOf,
  type OnnxConstant,
  type OnnxElement,
  type OnnxNode,
  type OnnxProgram,
  type OnnxWeight,
  usesOf,
  withInputs,
  withoutUnused,
} from '../program.js'
import { ValueNames } from '../value_names.js'

/**
 * Needs: a program in single precision, and which of its nodes may compute in half. Leaves: those nodes in half with half weights, a Cast where
 * precisions meet, and an unchanged interface: answers are float32. Values that depend on constants only are computed in single precision, at no
 * cost: ONNX Runtime computes them once, when it opens the file.
 */
export function toHalfPrecision(program: OnnxProgram, mayBeHalf: (node: OnnxNode) => boolean): OnnxProgram {
  return withoutUnused(new HalfPrecision(program, mayBeHalf).program())
}

/** Float values keep their names; each value in half precision has an additional name. */
class HalfPrecision {
  private readonly nodes: OnnxNode[] = []
  private readonly constants: Map<string, OnnxConstant>
  private readonly weights: Map<string, OnnxWeight>
  private readonly answers: ReadonlySet<string>
  /** The half-precision name of each value that has one. */
  private readonly halves = new Map<string, string>()
  /** The single-precision name of each value that is computed in half precision and read in single. */
  private readonly singles = new Map<string, string>()
  private readonly notFloat: ReadonlySet<string>
  private readonly names: ValueNames

  constructor(
    private readonly given: OnnxProgram,
    private readonly mayBeHalf: (node: OnnxNode) => boolean,
  ) {
    this.constants = new Map(given.constants)
    this.weights = new Map(given.weights)
    this.answers = answerNames(given)
    this.names = ValueNames.beside(given)
    this.notFloat = new Set(
      [...given.constants.values()].flatMap(({ name, element }) => (element === 'float' ? [] : [name])),
    )
  }

  program(): OnnxProgram {
    const fixed = fixedValues(this.given)
    for (const node of this.given.nodes) {
      // The values that a body declares are in single precision.
      const isHalf =
        this.mayBeHalf(node) && bodiesOf(node).length === 0 && !node.outputs.every((name) => fixed.has(name))
      if (isHalf) this.addInHalf(node)
      else this.nodes.push(withUses(node, (name) => this.inSingle(name, node)))
    }
    return { ...this.given, nodes: this.nodes, constants: this.constants, weights: this.weights }
  }

  private addInHalf(node: OnnxNode): void {
    const moved = withUses(node, (name) => this.inHalf(name, node))
    const outputs = node.outputs.map((name) => (this.answers.has(name) ? this.names.free(`${name}/half`) : name))
    this.nodes.push({ ...moved, name: elementAt(outputs, 0), outputs })
    for (const [index, name] of node.outputs.entries()) {
      const half = elementAt(outputs, index)
      this.halves.set(name, half)
      if (half !== name) {
        this.singles.set(name, name)
        this.cast(half, name, 'float', node)
      }
    }
  }

  /** The name under which the value is read in half precision; adds what makes it so. */
  private inHalf(name: string, reader: OnnxNode): string {
    if (name === '' || this.notFloat.has(name)) return name
    const known = this.halves.get(name)
    if (known !== undefined) return known
    const half = this.names.free(`${name}/half`)
    this.halves.set(name, half)
    const weight = this.weights.get(name)
    const constant = this.constants.get(name)
    if (weight) this.weights.set(half, { ...weight, name: half, element: 'float16' })
    else if (constant) this.constants.set(half, { ...constant, name: half, element: 'float16' })
    else {
      this.singles.set(name, name)
      this.cast(name, half, 'float16', reader)
    }
    return half
  }

  /** The name under which the value is read in single precision. */
  private inSingle(name: string, reader: OnnxNode): string {
    const known = this.singles.get(name)
    if (known !== undefined) return known
    if (this.halves.get(name) !== name) return name
    const single = this.names.free(`${name}/single`)
    this.singles.set(name, single)
    this.cast(name, single, 'float', reader)
    return single
  }

  private cast(from: string, to: string, element: OnnxElement, { origin }: OnnxNode): void {
    this.nodes.push({
      operator: 'Cast',
      name: to,
      inputs: [from],
      outputs: [to],
      attributes: { to: { element } },
      ...(origin !== undefined && { origin }),
    })
  }
}

/** Returns the names of the constants, and of the values that are computed from nothing else. */
function fixedValues({ constants, nodes }: OnnxProgram): ReadonlySet<string> {
  const fixed = new Set(constants.keys())
  for (const node of nodes) {
    const uses = usesOf(node)
    if (uses.length === 0 || !uses.every((name) => fixed.has(name))) continue
    for (const name of node.outputs) fixed.add(name)
  }
  return fixed
}

/** The node with other names for what it reads of the graph around it: its inputs, and what its bodies capture. */
function withUses(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  const names = new Map(usesOf(node).map((name) => [name, rename(name)]))
  return withInputs(node, (name) => names.get(name) ?? name)
}
