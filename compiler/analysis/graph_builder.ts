import type { Span } from '../../grammar/tree.js'
import type { Frame, MovingAverage, Node, Parameter, Pretrained, ValueRef } from '../graph/graph.js'
import type { ParameterSpec } from '../ops/call.js'
import type { ExpandedBody, Expansion } from './expansion.js'

/** Limits far above any real model, for repeats and blocks that grow without bound, even without creating nodes. */
const mostOperations = 20_000
const mostCalls = 25_000
const mostNames = 500_000

export interface Bound {
  readonly what: string
  readonly most: number
}

/** A position in the graph under construction. */
export interface Mark {
  readonly nodes: number
  readonly frames: number
  readonly parameters: number
  readonly pretrained: number
  readonly paths: number
  readonly rounds: number
  readonly roundPaths: number
  readonly names: number
}

/** The graph under construction, in topological order. */
export class GraphBuilder {
  readonly nodes: Node[] = []
  readonly frames: Frame[] = []
  readonly parameters = new Map<string, Parameter>()
  readonly pretrained: Pretrained[] = []
  /** Paths of the parameters of each round of a repeat: blocks.3. */
  readonly roundPaths = new Set<string>()
  private sharingDepth = 0
  /** Rounds of repeats. */
  private rounds = 0
  /** The number of members of all calls and rounds together. */
  private names = 0
  private readonly paths = new Set<string>()
  /** The same in order, from which a range is taken without copying all. */
  private readonly pathList: string[] = []
  /** By stem and operation: the number from which the search for a free path continues. */
  private readonly numbers = new Map<string, number>()

  /** The limit that has been reached, if any. */
  get full(): Bound | undefined {
    if (this.nodes.length >= mostOperations) return { what: 'operations', most: mostOperations }
    if (this.frames.length + this.rounds >= mostCalls) return { what: 'calls and rounds', most: mostCalls }
    return this.names >= mostNames ? { what: 'names inside of calls and rounds', most: mostNames } : undefined
  }

  /** Counts a round of a repeat, and the names that can be reached in it. @param path of its parameters */
  countRound(path: readonly string[], names: number): void {
    this.rounds++
    this.roundPaths.add(path.join('.'))
    this.names += names
  }

  /** Counts names that can be reached through a call's result. */
  countNames(names: number): void {
    this.names += names
  }

  /** Whether a call runs on weights that exist already. */
  get isSharing(): boolean {
    return this.sharingDepth > 0
  }

  /** Returns what `call` does, which runs on weights that exist already. */
  sharingWeights<Value>(call: () => Value): Value {
    this.sharingDepth++
    const value = call()
    this.sharingDepth--
    return value
  }

  /** Notes the published weights of a call, unless the call runs on weights that exist already. */
  addPretrained(pretrained: Pretrained): void {
    if (!this.isSharing) this.pretrained.push(pretrained)
  }

  /** Adds a node; if its path is taken, the operation's name and then a number is appended. */
  add(node: Omit<Node, 'id' | 'frame'>, frame: Frame): Node {
    const { operation, inputs, attributes, parameters, outputs, local, span } = node
    // Field by field: in a large model, object spread is measurably slower here.
    const made = { operation, inputs, attributes, parameters, outputs, span, id: this.nodes.length, frame: frame.id }
    const path = this.freePath(node.path, operation)
    const added: Node = local ? { ...made, path, local } : { ...made, path }
    this.nodes.push(added)
    frame.items.push({ node: added.id })
    return added
  }

  open(frame: Omit<Frame, 'id' | 'items' | 'parent'>, parent: Frame | undefined): Frame {
    const opened: Frame = { ...frame, id: this.frames.length, items: [], parent: parent?.id }
    this.frames.push(opened)
    parent?.items.push({ frame: opened.id })
    return opened
  }

  /** False when another weight has the name. */
  declare(name: string, spec: ParameterSpec, span: Span): boolean {
    if (this.parameters.has(name)) return this.isSharing
    const { shape, initializer, trainable, tfjsLayout, positions, eps } = spec
    const parameter = {
      name,
      shape,
      initializer,
      trainable,
      span,
      ...(positions && { positions }),
      ...(eps !== undefined && { eps }),
    }
    this.parameters.set(name, tfjsLayout ? { ...parameter, tfjsLayout } : parameter)
    return true
  }

  /**
   * Makes the parameters below a path moving averages of those of another part, with which they begin: published weights noted since a
   * mark are forgotten. Returns how many parameters there are.
   */
  average(average: MovingAverage, { pretrained }: Mark): number {
    const within = `${average.path}.`
    const own = [...this.parameters.values()].filter(({ name }) => name.startsWith(within))
    for (const parameter of own) this.parameters.set(parameter.name, { ...parameter, trainable: false, average })
    this.pretrained.length = pretrained
    return own.length
  }

  value(node: Node, output = 0): ValueRef {
    return { node: node.id, output }
  }

  mark(): Mark {
    return {
      nodes: this.nodes.length,
      frames: this.frames.length,
      parameters: this.parameters.size,
      pretrained: this.pretrained.length,
      paths: this.paths.size,
      rounds: this.rounds,
      roundPaths: this.roundPaths.size,
      names: this.names,
    }
  }

  /** Everything added since a mark. */
  since(mark: Mark): Omit<Expansion, keyof ExpandedBody> {
    return {
      nodes: this.nodes.slice(mark.nodes),
      frames: this.frames.slice(mark.frames),
      parameters: [...this.parameters.values()].slice(mark.parameters),
      pretrained: this.pretrained.slice(mark.pretrained),
      paths: this.pathList.slice(mark.paths),
      rounds: this.rounds - mark.rounds,
      roundPaths: [...this.roundPaths].slice(mark.roundPaths),
      names: this.names - mark.names,
    }
  }

  /** Whether an expansion can be replayed: none of its names is taken. */
  canReplay({ parameters, paths }: Expansion): boolean {
    return !parameters.some(({ name }) => this.parameters.has(name)) && !paths.some((path) => this.paths.has(path))
  }

  /** Adds an earlier expansion again, which began at this very node and frame number, for a call elsewhere in the text. */
  replay(expansion: Expansion, call: Pick<Frame, 'inputs' | 'span' | 'local'>, parent: Frame): void {
    const [own, ...inner] = expansion.frames
    if (!own) return
    const { local: _moved, ...rest } = own
    this.frames.push({ ...rest, ...call }, ...inner)
    parent.items.push({ frame: own.id })
    for (const node of expansion.nodes) this.nodes.push(node)
    for (const parameter of expansion.parameters) this.parameters.set(parameter.name, parameter)
    for (const path of expansion.paths) this.takePath(path)
    this.pretrained.push(...expansion.pretrained)
    this.rounds += expansion.rounds
    for (const path of expansion.roundPaths) this.roundPaths.add(path)
    this.names += expansion.names
  }

  private freePath(path: readonly string[], operation: string): readonly string[] {
    let name = path.join('/')
    if (!this.paths.has(name)) {
      this.takePath(name)
      return path
    }
    const stem = path.at(-1) === operation ? path.slice(0, -1) : path
    let free = path
    const key = `${stem.join('/')}/${operation}`
    let number = this.numbers.get(key) ?? (stem === path ? 0 : 1)
    for (; this.paths.has(name); number++) {
      free = [...stem, number === 0 ? operation : `${operation}_${number}`]
      name = free.join('/')
    }
    this.numbers.set(key, number)
    this.takePath(name)
    return free
  }

  /** Notes a path that is free. */
  private takePath(path: string): void {
    this.paths.add(path)
    this.pathList.push(path)
  }
}
