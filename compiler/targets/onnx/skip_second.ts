import { elementAt, present } from '../../../grammar/present.js'
import type { Graph } from '../../graph/graph.js'
import { answers } from '../../graph/phase.js'
import { type Selection, selectionsFor } from '../../graph/skipping.js'
import {
  answerNames,
  type OnnxConstant,
  type OnnxNode,
  type OnnxProgram,
  outputOf,
  usesOf,
  withInputs,
  withoutUnused,
} from './program.js'
import { ValueNames } from './value_names.js'

/**
 * Needs: a finished program whose nodes know their origin. Leaves: for each selection between two predictions an If. Its branch gathers the images
 * that do not keep the first prediction, computes what only the second one needs for them, and scatters the result into the first; without such
 * images it does not run. Later passes would have to process the branch, so only `withFunctions` follows.
 */
export function withSkipping(program: OnnxProgram, graph: Graph): OnnxProgram {
  const selections = selectionsFor(graph, answers(graph)).filter(({ skipped }) => skipped.size > 0)
  return selections.reduce((current, selection) => new Skipping(current, selection).program(), program)
}

/** Returns the program with both predictions of a selection as further outputs, and their names. */
export function withBothPredictions(
  program: OnnxProgram,
  { node }: Selection,
): { readonly program: OnnxProgram; readonly names: readonly [first: string, second: string] } {
  const select = present(findSelect(program, node.id), 'the node of a selection')
  const free = ValueNames.beside(program)
  const names = [free.free('first'), free.free('second')] as const
  const shape = (node.outputs[0]?.shape ?? []).map(({ size, name }) => size ?? name)
  const copies = names.map((name, index) => ({
    operator: 'Identity',
    name,
    inputs: [elementAt(select.inputs, index + 1)],
    outputs: [name],
    attributes: {},
  }))
  const outputs = names.map((name) => ({ name, element: 'float' as const, shape }))
  return {
    program: { ...program, nodes: [...program.nodes, ...copies], outputs: [...program.outputs, ...outputs] },
    names,
  }
}

function findSelect({ nodes }: OnnxProgram, selection: number): OnnxNode | undefined {
  return nodes.find(({ operator, origin }) => operator === selectOperator && origin === selection)
}

/** The operator that a selection's own node is, with its condition, [batch, 1], and the two predictions. */
const selectOperator = 'Where'

class Skipping {
  private readonly names: ValueNames
  private readonly constants: Map<string, OnnxConstant>
  private readonly producers: ReadonlyMap<string, OnnxNode>
  /** Nodes of the branch, in order. */
  private readonly branch: OnnxNode[] = []
  /** The names of values in the branch, by their names outside. */
  private readonly inBranch = new Map<string, string>()
  private readonly prefix: string

  constructor(
    private readonly given: OnnxProgram,
    private readonly selection: Selection,
  ) {
    this.names = ValueNames.beside(given)
    this.constants = new Map(given.constants)
    this.producers = new Map(given.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
    this.prefix = selection.node.path.join('/')
  }

  program(): OnnxProgram {
    const { nodes } = this.given
    const select = findSelect(this.given, this.selection.node.id)
    if (!select) return this.given
    const moved = this.nodesOfSecond(select)
    const changed = nodes.flatMap((node) => {
      if (node === select) return this.conditional(select, moved)
      return moved.has(node) ? [] : [node]
    })
    return withoutUnused({ ...this.given, nodes: changed, constants: this.constants })
  }

  /**
   * The nodes that only the second prediction needs. Some of them may belong to a call that is also needed otherwise: a crop is used by the second
   * pass only, but its box is an output.
   */
  private nodesOfSecond(select: OnnxNode): ReadonlySet<OnnxNode> {
    const kept = this.needed([...answerNames(this.given)], (node) =>
      node.inputs.slice(0, node === select ? 2 : undefined),
    )
    const second = this.needed([elementAt(select.inputs, 2)], (node) => node.inputs)
    return new Set([...second].filter((node) => !kept.has(node) && node.origin !== undefined))
  }

  private needed(wanted: readonly string[], inputsOf: (node: OnnxNode) => readonly string[]): ReadonlySet<OnnxNode> {
    const found = new Set<OnnxNode>()
    const open = [...wanted]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const node = this.producers.get(name)
      if (!node || found.has(node)) continue
      found.add(node)
      const direct = new Set(inputsOf(node))
      open.push(...usesOf(node).filter((one) => direct.has(one) || !node.inputs.includes(one)))
    }
    return found
  }

  private conditional(select: OnnxNode, moved: ReadonlySet<OnnxNode>): OnnxNode[] {
    const [condition, first, second] = [0, 1, 2].map((index) => elementAt(select.inputs, index)) as [
      string,
      string,
      string,
    ]
    const outer: OnnxNode[] = []
    const minusOne = this.integer(-1, [1])
    const unsure = this.add(outer, 'Not', [condition], 'unsure')
    const rows = this.add(outer, 'Reshape', [unsure, minusOne], 'unsure/rows')
    const places = this.add(
      outer,
      'Reshape',
      [this.add(outer, 'NonZero', [rows], 'unsure/found'), minusOne],
      'unsure/images',
    )
    const count = this.add(outer, 'Size', [places], 'unsure/count')
    const any = this.add(outer, 'Greater', [count, this.integer(0, [])], 'unsure/any')
    for (const node of this.given.nodes) {
      if (!moved.has(node)) continue
      const renamed = new Map(usesOf(node).map((name) => [name, this.valueInBranch(name, moved, places)]))
      this.branch.push(withInputs(node, (name) => renamed.get(name) ?? name))
    }
    const own = this.valueInBranch(second, moved, places)
    const column = this.add(this.branch, 'Unsqueeze', [places, minusOne], 'second/images')
    const scattered = this.add(this.branch, 'ScatterND', [first, column, own], 'second/probabilities')
    const keeping: OnnxNode[] = []
    const kept = this.add(keeping, 'Identity', [first], 'first/probabilities')
    const output = (name: string) => [{ name, element: 'float' as const, shape: this.shape() }]
    const body = (name: string, nodes: readonly OnnxNode[], result: string) => ({
      graph: { name: `${this.prefix}/${name}`, inputs: [], outputs: output(result), nodes: nodes.map(withoutName) },
    })
    return [
      ...outer,
      {
        operator: 'If',
        name: select.name,
        inputs: [any],
        outputs: [outputOf(select)],
        attributes: {
          then_branch: body('second', this.branch, scattered),
          else_branch: body('first', keeping, kept),
        },
        origin: this.selection.node.id,
      },
    ]
  }

  /**
   * Returns the name of a value in the branch: a tensor of the images is gathered; a value of another kind, such as a shape, is computed again from
   * what it was made of; weights and constants are those outside.
   */
  private valueInBranch(name: string, moved: ReadonlySet<OnnxNode>, places: string): string {
    const known = this.inBranch.get(name)
    if (known !== undefined) return known
    const producer = this.producers.get(name)
    if (producer && moved.has(producer)) return name
    if (this.given.images?.has(name)) {
      const gathered = this.add(this.branch, 'Gather', [name, places], `second/${name}`, { axis: 0 })
      this.inBranch.set(name, gathered)
      return gathered
    }
    // Weights, constants, and what the bodies of loops define themselves.
    if (!producer) return name
    const renamed = new Map(usesOf(producer).map((one) => [one, this.valueInBranch(one, moved, places)]))
    for (const output of producer.outputs) this.inBranch.set(output, this.names.free(`${this.prefix}/second/${output}`))
    const own = (one: string) => this.inBranch.get(one) ?? one
    this.branch.push({
      ...withInputs(producer, (one) => renamed.get(one) ?? one),
      name: own(producer.name),
      outputs: producer.outputs.map(own),
    })
    return own(name)
  }

  private add(
    nodes: OnnxNode[],
    operator: string,
    inputs: readonly string[],
    step: string,
    attributes: OnnxNode['attributes'] = {},
  ): string {
    const name = this.names.free(`${this.prefix}/${step}`)
    nodes.push({ operator, name, inputs, outputs: [name], attributes, origin: this.selection.node.id })
    return name
  }

  private integer(value: number, shape: readonly number[]): string {
    const name = this.names.free(`${this.prefix}/constant`)
    this.constants.set(name, { name, element: 'int64', shape, values: [value] })
    return name
  }

  private shape(): readonly (number | string)[] {
    return (this.selection.node.outputs[0]?.shape ?? []).map(({ size, name }) => size ?? name)
  }
}

/** ONNX Runtime refuses a quantised node of a branch that has a name: the integer node that it puts in its place has the same one. */
function withoutName(node: OnnxNode): OnnxNode {
  return { ...node, name: '' }
}
