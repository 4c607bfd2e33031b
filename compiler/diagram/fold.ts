import { elementAt, present } from '../../grammar/present.js'
import {
  type Frame,
  type Graph,
  type Node,
  sameValue,
  shapeText,
  type TensorType,
  typeOf,
  type ValueRef,
} from '../graph/graph.js'
import { operations } from '../ops/index.js'
import { elements } from '../ops/support/tensor.js'
import type { Arrow, Box, Diagram } from './diagram.js'

/** The most boxes that a figure has room for; a larger model shows each branch as one box. */
const mostBoxes = 40

/** A box for each binding, or for each branch as a whole. */
type Detail = 'bindings' | 'branches'

/**
 * The graph as a figure: a box for each binding of a branch or the model, with all that is inside it, and for each loss and answer.
 * A branch that runs another one's weights is one box. The label, which every loss takes, is left out.
 */
export function fold(graph: Graph): Diagram {
  const diagram = new Folder(graph, 'bindings').diagram()
  return diagram.boxes.length <= mostBoxes ? diagram : new Folder(graph, 'branches').diagram()
}

/** The graph as a narrow figure: all losses are one box, and arrows have no shapes of rows. */
export function foldNarrow(graph: Graph, detail: Detail): Diagram {
  return new Folder(graph, detail, 'narrow').diagram()
}

/**
 * The maps or images that the boxes of a figure compute, in any detail, by the boxes' paths: the last value that leaves the box and has height and
 * width. `graph` has one phase.
 */
export function spatialValues(graph: Graph): ReadonlyMap<string, ValueRef> {
  const details = ['branches', 'bindings'] as const
  return new Map(details.flatMap((detail) => [...new Folder(graph, detail).spatialValues()]))
}

class Folder {
  private readonly boxOf: readonly (string | undefined)[]
  private readonly members = new Map<string, Node[]>()
  private readonly users = new Map<number, { node: Node; argument: string }[]>()

  constructor(
    private readonly graph: Graph,
    private readonly detail: Detail,
    private readonly width: 'normal' | 'narrow' = 'normal',
  ) {
    this.boxOf = graph.nodes.map((node) => this.key(node))
    graph.nodes.forEach((node, index) => {
      const key = this.boxOf[index]
      if (key !== undefined) this.members.set(key, [...(this.members.get(key) ?? []), node])
      for (const { argument, value } of node.inputs)
        this.users.set(value.node, [...(this.users.get(value.node) ?? []), { node, argument }])
    })
  }

  diagram(): Diagram {
    const { graph } = this
    const boxes = [...this.members].map(([id, nodes]) => this.box(id, nodes))
    const shown = new Set(boxes.flatMap(({ branch }) => branch ?? []))
    const branches = [...shown].map((name) => ({
      name,
      weightsOf: present(this.frameAt(name), name).parameterPath.join('.'),
    }))
    return { model: graph.name, boxes, arrows: this.arrows(), branches }
  }

  spatialValues(): ReadonlyMap<string, ValueRef> {
    const found = new Map<string, ValueRef>()
    for (const node of this.graph.nodes)
      for (const { value } of node.inputs) {
        const box = this.boxOf[value.node]
        if (box !== undefined && box !== this.boxOf[node.id] && this.isSpatial(value)) found.set(box, value)
      }
    return found
  }

  private isSpatial(value: ValueRef): boolean {
    const { shape } = typeOf(this.graph, value)
    const [height, width] = shape.slice(-2)
    return height?.name === 'height' && width?.name === 'width' && (height.size ?? 1) > 1 && (width.size ?? 1) > 1
  }

  private key({ id, path, frame }: Node): string | undefined {
    if ([...this.graph.labels, ...this.graph.views].some(({ value }) => value.node === id)) return undefined
    if (path[0] === 'loss' && this.width === 'narrow') return 'loss'
    if (path[0] === 'loss' || path[0] === 'predict') return path.slice(0, 2).join('.')
    const branch = this.branchOf(frame)
    if (!branch) return path[0]
    const whole = this.detail === 'branches' || shares(branch)
    return path.slice(0, branch.path.length + (whole ? 0 : 1)).join('.')
  }

  private branchOf(frame: number | undefined): Frame | undefined {
    const here = frame === undefined ? undefined : this.graph.frames[frame]
    if (!here || here.kind === 'branch') return here
    return this.branchOf(here.parent)
  }

  private frameAt(path: string): Frame | undefined {
    return this.graph.frames.find((frame) => frame.kind !== 'model' && frame.path.join('.') === path)
  }

  private box(id: string, nodes: readonly Node[]): Box {
    if (id === 'loss') return this.lossBox(nodes)
    const [first] = nodes
    const branch = this.branchOf(first?.frame)
    const frame = this.frameAt(id)
    const owner = frame?.parameterPath.join('.') ?? id
    const again = frame && shares(frame) ? owner : undefined
    const name = id.slice(id.lastIndexOf('.') + 1)
    const kind = this.kind(id)
    const weights = again === undefined && kind === 'step' ? this.weights(nodes) : 0
    const steps = this.steps(nodes, kind)
    const what =
      frame?.kind === 'block' ? frame.definition : frame?.kind === 'branch' ? this.bindings(id, nodes) : steps
    return {
      id,
      kind,
      title: kind === 'loss' ? `loss: ${name}` : name,
      lines: [
        ...(kind === 'input' ? [shapeLine(typeOf(this.graph, this.graph.image.value))] : []),
        ...(again !== undefined ? [`${again} again`, 'the same weights'] : []),
        ...(again === undefined && what !== name && what !== '' && kind !== 'input' ? [what] : []),
        ...(weights > 0 ? [`${short(weights)} weights`] : []),
      ],
      ...(branch && id !== branch.path.join('.') && { branch: branch.path.join('.') }),
      weightsOf: this.owningBranch(owner),
    }
  }

  /** One box for all losses, with a line for each. */
  private lossBox(nodes: readonly Node[]): Box {
    const lines = this.graph.losses.map(({ name }) => {
      const terms = nodes.filter(({ path }) => path[1] === name)
      return `${name}: ${this.steps(terms, 'loss')}`
    })
    return { id: 'loss', kind: 'loss', title: lines.length === 1 ? 'loss' : 'losses', lines, weightsOf: 'loss' }
  }

  /** The bindings of a branch that is one box. */
  private bindings(branch: string, nodes: readonly Node[]): string {
    const depth = branch.split('.').length
    const names = [...new Set(nodes.flatMap(({ path }) => path[depth] ?? []))]
    return abridged(names)
  }

  /** The branch in which the weights at a path began. */
  private owningBranch(path: string): string {
    const branch = this.graph.frames.find(
      (frame) =>
        frame.kind === 'branch' && (path === frame.path.join('.') || path.startsWith(`${frame.path.join('.')}.`)),
    )
    return branch ? branch.parameterPath.join('.') : path
  }

  private kind(id: string): Box['kind'] {
    if (id.startsWith('loss.')) return 'loss'
    if (id.startsWith('predict.')) return 'answer'
    return this.boxOf[this.graph.image.value.node] === id ? 'input' : 'step'
  }

  /** The operations of a box in words; of a loss, its terms. */
  private steps(nodes: readonly Node[], kind: Box['kind']): string {
    const terms = nodes.filter(({ operation }) => operations.get(operation)?.lowering.onnx === 'training only')
    if (kind === 'loss' && terms.length > 0) return terms.map(({ operation }) => words(operation)).join(' + ')
    const names = nodes.map(({ operation }) => words(operation)).filter((name, index, all) => name !== all[index - 1])
    const shown = kind === 'answer' ? [...new Set(names)] : names
    return abridged(shown)
  }

  private weights(nodes: readonly Node[]): number {
    const names = new Set(nodes.flatMap(({ parameters }) => Object.values(parameters)))
    return [...names]
      .map((name) => elements(present(this.graph.parameters.get(name), name).shape))
      .reduce((sum, count) => sum + count, 0)
  }

  private arrows(): Arrow[] {
    const found = new Map<string, Arrow>()
    for (const node of this.graph.nodes) {
      const to = this.boxOf[node.id]
      for (const { argument, value } of node.inputs) {
        const from = this.boxOf[value.node]
        if (from === undefined || to === undefined || from === to) continue
        const role = this.role(node, argument, to)
        const arrow = {
          from,
          to,
          label: [[this.tap(value, from), role].filter((part) => part !== '').join(' as '), this.shape(value)].filter(
            (line) => line !== '',
          ),
          detached: this.detached(node, argument, to),
        }
        const key = JSON.stringify([from, to, value])
        // One value that goes in twice is one arrow; learning goes back through it if it does on one way.
        const before = found.get(key)
        found.set(key, before ? { ...before, detached: before.detached && arrow.detached } : arrow)
      }
    }
    return merged([...found.values()])
  }

  /** The argument that a value is passed to, looking through operations of one input: `teacher` through a detach. */
  private role(node: Node, argument: string, box: string): string {
    const users = this.usersIn(node, box)
    if (node.inputs.length === 1 && users.length > 0) {
      const [role = '', ...others] = new Set(users.map((user) => this.role(user.node, user.argument, box)))
      return others.length === 0 ? role : ''
    }
    const main = operations.get(node.operation)?.arguments[0]?.name
    return argument === main || node.inputs.length === 1 ? '' : argument
  }

  /** Whether every way from here out of the box is one on which no gradient comes back. */
  private detached(node: Node, argument: string, box: string): boolean {
    if (operations.get(node.operation)?.semantics?.stopsGradient?.includes(argument)) return true
    const users = this.usersIn(node, box)
    return users.length > 0 && users.every((user) => this.detached(user.node, user.argument, box))
  }

  /** Uses of a node inside its box; none when others use it, too. */
  private usersIn({ id }: Node, box: string): { node: Node; argument: string }[] {
    const users = (this.users.get(id) ?? []).map(({ node, argument }) => ({ node, argument }))
    return users.every(({ node }) => this.boxOf[node.id] === box) ? users : []
  }

  /** The binding inside the box that the value is, if it is not what the box as a whole gives. */
  private tap(value: ValueRef, box: string): string {
    const depth = box.split('.').length
    const node = elementAt(this.graph.nodes, value.node)
    const made = node.path.at(-1) === node.operation ? node.path.slice(0, -1) : node.path
    // The output of a block is named after the binding of its call; the result of the last of several rounds after all of them.
    const given = this.graph.frames
      .filter(({ result, path }) => result && sameValue(result, value) && path.length >= depth)
      .sort((a, b) => a.path.length - b.path.length)[0]
    const path = given?.path ?? made
    const whole = /^\d+$/.test(elementAt(path, path.length - 1)) ? path.slice(0, -1) : path
    return whole.slice(depth).join('.')
  }

  private shape(value: ValueRef): string {
    const type = typeOf(this.graph, value)
    if (
      this.width === 'narrow' &&
      (type.shape.length === 2 || sameShape(type, typeOf(this.graph, this.graph.image.value)))
    )
      return ''
    return type.shape.length > 1 ? shapeLine(type) : ''
  }
}

function shapeLine(type: TensorType): string {
  return shapeText(type).replaceAll(' x ', ' \u00d7 ')
}

function sameShape(a: TensorType, b: TensorType): boolean {
  return a.shape.map(({ size }) => size).join() === b.shape.map(({ size }) => size).join()
}

/** Draws several values that go from one box to another as one arrow, with a line of its label for each. */
function merged(arrows: readonly Arrow[]): Arrow[] {
  const between = new Map<string, Arrow[]>()
  for (const arrow of arrows) {
    const key = JSON.stringify([arrow.from, arrow.to])
    between.set(key, [...(between.get(key) ?? []), arrow])
  }
  return [...between.values()].map((group) => {
    const first = elementAt(group, 0)
    if (group.length === 1) return first
    const label = [...new Set(group.map((arrow) => arrow.label.join(', ')))]
    return { ...first, label, detached: group.every(({ detached }) => detached) }
  })
}

function shares({ path, parameterPath }: Frame): boolean {
  return path.join('.') !== parameterPath.join('.')
}

function abridged(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')}, ... ${names.at(-1)}`
}

function words(operation: string): string {
  return operation.replaceAll('_', ' ')
}

/** 21785568 as `21.8 M` */
function short(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`
  return count >= 1e3 ? `${(count / 1e3).toFixed(1)} k` : String(count)
}
