import type { Span } from '../../grammar/tree.js'
import type { Frame, Node, Parameter, Pretrained, ValueRef } from '../graph/graph.js'
import type { ParameterSpec } from '../ops/call.js'
import type { Written } from './written.js'

/** Far above any real model: bounds for repeats and blocks that grow out of hand, also for those that make nothing. */
const mostOperations = 20_000
const mostCalls = 25_000
const mostNames = 500_000

export interface Bound {
  readonly what: string
  readonly most: number
}

/** How much of the graph there was at some moment. */
export interface Mark {
  readonly nodes: number
  readonly frames: number
  readonly parameters: number
  readonly pretrained: number
  readonly paths: number
  readonly rounds: number
  readonly names: number
}

/** The graph as it grows, one node after what it uses. */
export class GraphBuilder {
  readonly nodes: Node[] = []
  readonly frames: Frame[] = []
  readonly parameters = new Map<string, Parameter>()
  readonly pretrained: Pretrained[] = []
  /** Above zero while a call runs on weights that exist already. */
  sharing = 0
  /** Rounds of repeats. */
  private rounds = 0
  /** The number of members of all calls and rounds together. */
  private names = 0
  private readonly paths = new Set<string>()
  /** By stem and operation: the number from which the search for a free path continues. */
  private readonly numbers = new Map<string, number>()

  /** That of which there is as much as there may be. */
  get full(): Bound | undefined {
    if (this.nodes.length >= mostOperations) return { what: 'operations', most: mostOperations }
    if (this.frames.length + this.rounds >= mostCalls) return { what: 'calls and rounds', most: mostCalls }
    return this.names >= mostNames ? { what: 'names inside of calls and rounds', most: mostNames } : undefined
  }

  /** A round has ended, in which so many names can be reached. */
  round(names: number): void {
    this.rounds++
    this.names += names
  }

  /** A call has returned what so many names can be reached in. */
  returned(names: number): void {
    this.names += names
  }

  /** Adds a node; a path that is taken gets the operation's name, then a number, at its end. */
  add(node: Omit<Node, 'id' | 'frame'>, frame: Frame): Node {
    const { operation, inputs, attributes, parameters, outputs, local, span } = node
    // Field by field: in a large model a spread is felt here.
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
    if (this.parameters.has(name)) return this.sharing > 0
    const { shape, initializer, trainable, tfjsLayout } = spec
    const parameter = { name, shape, initializer, trainable, span }
    this.parameters.set(name, tfjsLayout ? { ...parameter, tfjsLayout } : parameter)
    return true
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
      names: this.names,
    }
  }

  /** Everything added since a mark. */
  since(mark: Mark): Omit<Written, 'result' | 'members'> {
    return {
      nodes: this.nodes.slice(mark.nodes),
      frames: this.frames.slice(mark.frames),
      parameters: [...this.parameters.values()].slice(mark.parameters),
      pretrained: this.pretrained.slice(mark.pretrained),
      paths: [...this.paths].slice(mark.paths),
      rounds: this.rounds - mark.rounds,
      names: this.names - mark.names,
    }
  }

  /** Whether what was written out before can be put in again: none of its names is taken. */
  fits({ parameters, paths }: Written): boolean {
    return !parameters.some(({ name }) => this.parameters.has(name)) && !paths.some((path) => this.paths.has(path))
  }

  /** Puts in again what was written out before from this very number on, called from another place of the text. */
  put(written: Written, call: Pick<Frame, 'inputs' | 'span' | 'local'>, parent: Frame): void {
    const [own, ...inner] = written.frames
    if (!own) return
    const { local: _moved, ...rest } = own
    this.frames.push({ ...rest, ...call }, ...inner)
    parent.items.push({ frame: own.id })
    for (const node of written.nodes) this.nodes.push(node)
    for (const parameter of written.parameters) this.parameters.set(parameter.name, parameter)
    for (const path of written.paths) this.paths.add(path)
    this.pretrained.push(...written.pretrained)
    this.rounds += written.rounds
    this.names += written.names
  }

  private freePath(path: readonly string[], operation: string): readonly string[] {
    let name = path.join('/')
    if (!this.paths.has(name)) {
      this.paths.add(name)
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
    this.paths.add(name)
    return free
  }
}
