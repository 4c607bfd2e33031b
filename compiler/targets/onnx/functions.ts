import { present } from '../../../grammar/present.js'
import type { Graph } from '../../graph/graph.js'
import { selectsOf } from '../../graph/skipping.js'
import { operationNamed } from '../../ops/index.js'
import { settings } from '../../training/settings.js'
import { functionDomain } from './encode.js'
import { innerValues } from './inner_values.js'
import {
  answerNames,
  bodiesOf,
  consumersOf,
  type OnnxConstant,
  type OnnxFunction,
  type OnnxNode,
  type OnnxProgram,
  type OnnxStepSource,
  type OnnxSubgraph,
  usesOf,
  withBodies,
  withNames,
} from './program.js'

/** A call of a block, or an operation or image step of several nodes, which becomes one call of a function. */
interface Group {
  readonly name: string
  readonly text: string
  /** Where its nodes are: master/trunk/Mixed_6e. */
  readonly path: string
  /** The prefix of its weights' names. */
  readonly weightPrefix: string
  readonly items: (OnnxNode | Group)[]
  readonly inner: Map<string, Group>
}

/**
 * Needs: a finished program whose nodes know their origin. Leaves: each block, and each operation that takes several nodes, as a function of the file
 * (ONNX's local functions), so that a viewer shows the method's structure instead of a thousand nodes. Calls with the same nodes inside, such as the
 * two passes of a model, call one function, and weights are arguments, so that they are stored once.
 */
export function withFunctions(program: OnnxProgram, graph: Graph): OnnxProgram {
  const folding = new Folding(program, graph)
  const nodes = folding.fold(grouped(program.nodes, graph))
  const outside = new Set(nodes.flatMap(({ outputs }) => outputs))
  const values = innerValues(program).filter(({ name }) => outside.has(name))
  return { ...program, ...folding.used(nodes), nodes, functions: folding.functions, values }
}

/** Returns the nodes with each group at the position of its last node, after its inputs and before its uses. */
function grouped(nodes: readonly OnnxNode[], graph: Graph): (OnnxNode | Group)[] {
  const top: Group = { name: '', text: '', path: '', weightPrefix: '', items: [], inner: new Map() }
  const counts = new Map<string, number>()
  for (const node of nodes) counts.set(sourceOf(node), (counts.get(sourceOf(node)) ?? 0) + 1)
  for (const node of nodes) {
    let group = top
    for (const [key, make] of groupsAround(node, graph, (counts.get(sourceOf(node)) ?? 0) > 1)) {
      const next = group.inner.get(key) ?? make()
      group.inner.set(key, next)
      if (group.items.at(-1) !== next) {
        const at = group.items.indexOf(next)
        if (at >= 0) group.items.splice(at, 1)
        group.items.push(next)
      }
      group = next
    }
    group.items.push(node)
  }
  return top.items
}

/** Tells apart the nodes of operations and of image steps. */
function sourceOf({ origin, step }: OnnxNode): string {
  return `${origin} ${step?.path}`
}

/** From the outermost inwards: the calls of blocks that a node is in, then its operation if that has other nodes. Branches are not folded. */
function groupsAround(written: OnnxNode, graph: Graph, shared: boolean): [string, () => Group][] {
  if (written.step !== undefined) return shared ? [stepGroup(written.step)] : []
  const { origin } = written
  const node = origin === undefined ? undefined : graph.nodes[origin]
  if (!node) return []
  const list: [string, () => Group][] = []
  const add = (key: string, name: string, text: string, path: readonly string[], weights: readonly string[]) =>
    list.unshift([
      key,
      () => ({ name, text, path: path.join('/'), weightPrefix: weights.join('.'), items: [], inner: new Map() }),
    ])
  // The branches of a selection are not folded either: they hold a pass of the model.
  if (shared && !selectsOf(node)) {
    const { summary } = operationNamed(node.operation).documentation
    add(`node ${node.id}`, node.operation, summary, node.path, [])
  }
  for (let id: number | undefined = node.frame; id !== undefined; id = graph.frames[id]?.parent) {
    const frame = graph.frames[id]
    if (frame?.kind === 'block')
      add(`frame ${id}`, frame.definition, `block ${frame.definition}`, frame.path, frame.parameterPath)
  }
  return list
}

/** An image step that takes several nodes. */
function stepGroup({ name, path }: OnnxStepSource): [string, () => Group] {
  const { summary } = present(settings.get(name), name)
  return [`step ${path}`, () => ({ name, text: summary, path, weightPrefix: '', items: [], inner: new Map() })]
}

class Folding {
  readonly functions: OnnxFunction[] = []
  private readonly known = new Map<string, OnnxFunction>()
  private readonly names = new Set<string>()
  private readonly consumers: ReturnType<typeof consumersOf>
  private readonly answers: ReadonlySet<string>

  constructor(
    private readonly program: OnnxProgram,
    private readonly graph: Graph,
  ) {
    const branches = this.branchesIn(program.nodes)
    this.consumers = consumersOf([...program.nodes, ...branches.flatMap(({ nodes }) => nodes)])
    this.answers = new Set([
      ...answerNames(program),
      ...branches.flatMap(({ outputs }) => outputs.map(({ name }) => name)),
    ])
  }

  fold(items: readonly (OnnxNode | Group)[]): OnnxNode[] {
    return items.map((item) => {
      if ('items' in item) return this.call(item)
      if (!this.isSelection(item)) return item
      return withBodies(item, (body) => ({ ...body, nodes: this.fold(grouped(body.nodes, this.graph)) }))
    })
  }

  private isSelection({ origin }: OnnxNode): boolean {
    const node = origin === undefined ? undefined : this.graph.nodes[origin]
    return node !== undefined && selectsOf(node) !== undefined
  }

  /** The branches of selections, those within others included. */
  private branchesIn(nodes: readonly OnnxNode[]): OnnxSubgraph[] {
    const own = nodes.filter((node) => this.isSelection(node)).flatMap(bodiesOf)
    return [...own, ...own.flatMap((body) => this.branchesIn(body.nodes))]
  }

  /** Constants that no function took into itself. */
  used(nodes: readonly OnnxNode[]): Pick<OnnxProgram, 'constants'> {
    const taken = new Set(nodes.flatMap(usesOf))
    return { constants: new Map([...this.program.constants].filter(([name]) => taken.has(name))) }
  }

  private call(group: Group): OnnxNode {
    const nodes = this.fold(group.items)
    const own = new Set(nodesIn(group))
    const defined = new Set(nodes.flatMap(({ outputs }) => outputs))
    const uses = [...new Set(nodes.flatMap(usesOf))].filter((name) => !defined.has(name))
    const inputs = uses.filter((name) => !this.program.constants.has(name))
    const outputs = [...defined].filter(
      (name) => this.answers.has(name) || this.consumers(name).some((node) => !own.has(node)),
    )
    const rename = this.localNames(group, { inputs, outputs, inner: [...defined] })
    const constants = uses.flatMap((name) => {
      const constant = this.program.constants.get(name)
      return constant ? [{ ...constant, name: rename(name) }] : []
    })
    const definition = this.define(group, {
      inputs: inputs.map(rename),
      outputs: outputs.map(rename),
      nodes: [...constants.map(constantNode), ...nodes.map((node) => innerNode(withNames(node, rename)))],
    })
    return {
      operator: definition.name,
      domain: functionDomain,
      name: group.path,
      inputs,
      outputs,
      attributes: {},
    }
  }

  /** The function with these nodes; one for all calls that have the same. */
  private define(group: Group, body: Pick<OnnxFunction, 'inputs' | 'outputs' | 'nodes'>): OnnxFunction {
    const key = JSON.stringify([group.name, body.inputs, body.outputs, body.nodes.map(withoutOrigin)])
    const known = this.known.get(key)
    if (known) return known
    const definition = { name: unique(group.name, this.names), text: group.text, ...body }
    this.known.set(key, definition)
    this.functions.push(definition)
    return definition
  }

  /** Names inside a function do not depend on where it is called. */
  private localNames(
    { path, weightPrefix }: Group,
    names: Readonly<Record<'inputs' | 'outputs' | 'inner', readonly string[]>>,
  ): (name: string) => string {
    const local = new Map<string, string>([['', '']])
    const taken = new Set<string>(this.program.constants.keys())
    const set = (name: string, wanted: string) => {
      if (!local.has(name)) local.set(name, unique(wanted, taken))
    }
    const within = (name: string) => (name.startsWith(`${path}/`) ? name.slice(path.length + 1) : undefined)
    for (const name of names.inputs)
      set(name, this.program.weights.has(name) ? localWeight(name, weightPrefix) : 'input')
    for (const name of names.inner) set(name, within(name) ?? 'output')
    return (name) => local.get(name) ?? within(name) ?? (this.program.constants.has(name) ? name : 'output')
  }
}

function localWeight(name: string, prefix: string): string {
  if (prefix !== '' && name.startsWith(`${prefix}.`)) return name.slice(prefix.length + 1)
  return name.slice(name.lastIndexOf('.') + 1)
}

function nodesIn({ items }: Group): OnnxNode[] {
  return items.flatMap((item) => ('items' in item ? nodesIn(item) : [item]))
}

function constantNode(constant: OnnxConstant): OnnxNode {
  return {
    operator: 'Constant',
    name: constant.name,
    inputs: [],
    outputs: [constant.name],
    attributes: { value: { tensor: constant } },
  }
}

/**
 * ONNX Runtime writes functions out before it runs them, and makes the names of nodes inside single, but not those of calls: a call in a
 * function has none, and its outputs tell where it is.
 */
function innerNode(node: OnnxNode): OnnxNode {
  return node.domain === functionDomain ? { ...node, name: '' } : node
}

/** Where a node comes from differs from call to call, what it computes does not. */
function withoutOrigin({ origin, step, ...node }: OnnxNode): Omit<OnnxNode, 'origin' | 'step'> {
  return node
}

function unique(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let count = 2; taken.has(name); count++) name = `${wanted}_${count}`
  taken.add(name)
  return name
}
