import type { Frame, Graph } from '../../graph/graph.js'
import { Structure } from '../structure.js'
import { codeWithoutOperands } from './call.js'

/**
 * Gives each call without weights its own module if several have the same path but different constants: a block and the block that it returns may
 * have bindings of the same name. Weights cannot collide in this way, since their names are unique.
 */
export function separateCalls(graph: Graph): Graph {
  const paths = new Separation(graph).paths
  if (paths.size === 0) return graph
  const frames = graph.frames.map((frame) => ({ ...frame, parameterPath: paths.get(frame.id) ?? frame.parameterPath }))
  return { ...graph, frames }
}

class Separation {
  /** The new parameter paths, by frame. */
  readonly paths = new Map<number, readonly string[]>()
  private readonly structure: Structure
  private readonly taken: Set<string>
  /** By path and structure, the paths of calls by their constants. */
  private readonly calls = new Map<string, Map<string, readonly string[]>>()

  constructor(graph: Graph) {
    this.structure = new Structure(graph, (node) => codeWithoutOperands(node, graph))
    const parameters = [...graph.parameters.keys()].map((name) => name.split('.'))
    const known = [...graph.frames.map(({ parameterPath }) => parameterPath), ...parameters]
    this.taken = new Set(known.flatMap((path) => path.map((_, index) => path.slice(0, index + 1).join('.'))))
    this.visit(this.structure.frame(0), [], [])
  }

  /** Visits the calls in a frame, whose own path was changed from `before` to `now`. */
  private visit(frame: Frame, before: readonly string[], now: readonly string[]): void {
    for (const item of this.structure.items(frame)) {
      if ('node' in item) continue
      const { parameterPath, id } = item.frame
      const isBelow = before.every((part, index) => parameterPath[index] === part)
      const path = isBelow ? [...now, ...parameterPath.slice(before.length)] : parameterPath
      const own = this.hasWeights(item.frame) ? path : this.pathFor(item.frame, path)
      if (own.join('.') !== parameterPath.join('.')) this.paths.set(id, own)
      this.visit(item.frame, parameterPath, own)
    }
  }

  private hasWeights(frame: Frame): boolean {
    return this.nodesOf(frame).some(({ parameters }) => Object.keys(parameters).length > 0)
  }

  private nodesOf(frame: Frame) {
    return this.structure.nodesOf({ frame }).map((id) => this.structure.node(id))
  }

  private pathFor(frame: Frame, path: readonly string[]): readonly string[] {
    const key = JSON.stringify([path, this.structure.key(frame)])
    const alike = this.calls.get(key) ?? new Map<string, readonly string[]>()
    this.calls.set(key, alike)
    const constants = JSON.stringify(this.nodesOf(frame).map(({ attributes }) => attributes))
    const known = alike.get(constants)
    if (known) return known
    const own = alike.size === 0 ? path : this.freePath(path)
    alike.set(constants, own)
    return own
  }

  private freePath(path: readonly string[]): readonly string[] {
    const name = path.join('.')
    let number = 2
    while (this.taken.has(`${name}_${number}`)) number++
    this.taken.add(`${name}_${number}`)
    return `${name}_${number}`.split('.')
  }
}
