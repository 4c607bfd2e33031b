import type { Span } from '../../grammar/tree.js'
import type { Frame, Node, Parameter, Pretrained, ValueRef } from '../graph/graph.js'
import type { ParameterSpec } from '../ops/operation.js'

/** Far above any real model: a bound for repeats and blocks that grow out of hand. */
export const mostNodes = 50_000

/** The graph as it grows, one node after what it uses. */
export class GraphBuilder {
  readonly nodes: Node[] = []
  readonly frames: Frame[] = []
  readonly parameters = new Map<string, Parameter>()
  readonly pretrained: Pretrained[] = []
  /** Above zero while a call runs on weights that exist already. */
  sharing = 0
  private readonly paths = new Set<string>()

  get full(): boolean {
    return this.nodes.length >= mostNodes
  }

  /** Adds a node; a path that is taken gets the operation's name, then a number, at its end. */
  add(node: Omit<Node, 'id' | 'frame'>, frame: Frame): Node {
    const added: Node = {
      ...node,
      id: this.nodes.length,
      frame: frame.id,
      path: this.freePath(node.path, node.operation),
    }
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
  declare(name: string, { role: _role, ...spec }: ParameterSpec, span: Span): boolean {
    if (this.parameters.has(name)) return this.sharing > 0
    this.parameters.set(name, { name, ...spec, span })
    return true
  }

  value(node: Node, output = 0): ValueRef {
    return { node: node.id, output }
  }

  private freePath(path: readonly string[], operation: string): readonly string[] {
    const stem = path.at(-1) === operation ? path.slice(0, -1) : path
    let free = path
    for (let number = stem === path ? 0 : 1; this.paths.has(free.join('/')); number++)
      free = [...stem, number === 0 ? operation : `${operation}_${number}`]
    this.paths.add(free.join('/'))
    return free
  }
}
