import { sameShape } from '../ops/support/shapes.js'
import type { Expansion } from './expansion.js'
import type { GraphBuilder, Mark } from './graph_builder.js'
import type { Scope } from './scope.js'
import {
  type BoundArgument,
  type DefinitionValue,
  isConstant,
  type TensorValue,
  tensorOf,
  type Value,
} from './values.js'

interface Entry {
  readonly bound: ReadonlyMap<string, BoundArgument>
  readonly expansion: Expansion
  lastUse: number
}

/** Compilations after which an unused expansion is evicted. */
const maxAge = 8

/**
 * Caches the expansions of blocks from one compilation to the next: in an editor most of a model is the same after every keystroke.
 * A call hits the cache when the block's module is the same (its scope is one object as long as no text of it or of its imports
 * changed), when it begins at the same node and frame number under the same names, and when it has the same arguments.
 */
export class ExpansionCache {
  private readonly entries = new Map<Scope<Value>, Map<string, Entry>>()
  private compilation = 0
  private edited: Scope<Value> | undefined

  /** Begins another compilation. The scope of the text that is being edited is a new one every time: its blocks are not cached. */
  begin(edited: Scope<Value>): void {
    this.compilation++
    this.edited = edited
    for (const [scope, calls] of this.entries) {
      for (const [key, { lastUse }] of calls) if (lastUse < this.compilation - maxAge) calls.delete(key)
      if (calls.size === 0) this.entries.delete(scope)
    }
  }

  /** Whether calls of a definition are cached. Branches are not: they see the scope around them. */
  accepts({ definition, scope }: DefinitionValue): boolean {
    return definition.kind === 'block' && scope !== this.edited
  }

  find(target: DefinitionValue, key: string, bound: ReadonlyMap<string, BoundArgument>): Expansion | undefined {
    const entry = this.entries.get(target.scope)?.get(key)
    if (!entry || !sameArguments(entry.bound, bound)) return undefined
    entry.lastUse = this.compilation
    return entry.expansion
  }

  keep(target: DefinitionValue, key: string, bound: ReadonlyMap<string, BoundArgument>, expansion: Expansion): void {
    const first = expansion.nodes[0]?.id ?? Number.POSITIVE_INFINITY
    // A value that is only passed through has a span in the caller's text, which may move.
    if (expansion.result && expansion.result.ref.node < first) return
    if (expansion.plain && !isConstant(expansion.plain)) return
    const made = [...expansion.members.values(), ...(expansion.roundValues ?? [])]
    if (!made.every((value) => madeFrom(value, first))) return
    const calls = this.entries.get(target.scope) ?? new Map<string, Entry>()
    this.entries.set(target.scope, calls)
    calls.set(key, { bound, expansion, lastUse: this.compilation })
  }
}

/** Returns the key of a call, without its arguments. */
export function expansionKey(
  name: string,
  builder: GraphBuilder,
  mark: Mark,
  { path, parameterPath }: ExpansionPaths,
): string {
  const shared = builder.isSharing ? 'shared' : ''
  return [name, mark.nodes, mark.frames, shared, path.join('.'), parameterPath.join('.')].join(' ')
}

/** The paths of an expansion's nodes and parameters. */
export interface ExpansionPaths {
  readonly path: readonly string[]
  readonly parameterPath: readonly string[]
}

function madeFrom(value: Value, first: number): boolean {
  if (value.kind === 'tensor') return value.ref.node >= first
  if (value.kind !== 'instance') return true
  if (value.result && value.result.ref.node < first) return false
  return [...value.members.values()].every((member) => madeFrom(member, first))
}

function sameArguments(a: ReadonlyMap<string, BoundArgument>, b: ReadonlyMap<string, BoundArgument>): boolean {
  return a.size === b.size && [...a].every(([name, { value }]) => sameValue(value, b.get(name)?.value))
}

/** Whether two values are alike, wherever in the text they were made. */
function sameValue(a: Value, b: Value | undefined): boolean {
  if (a === b) return true
  if (!b || a.kind !== b.kind) return false
  if (a.kind === 'tensor') return sameTensor(a, tensorOf(b))
  if (a.kind === 'instance' && b.kind === 'instance') {
    // A value that can be called again may be called inside the block.
    if (a.recall || b.recall || a.members.size !== b.members.size) return false
    if (a.values?.join() !== b.values?.join() || !sameValues(a.rounds, b.rounds)) return false
    return (
      sameTensor(a.result, b.result) && [...a.members].every(([name, value]) => sameValue(value, b.members.get(name)))
    )
  }
  if (a.kind === 'list' && b.kind === 'list') return sameValues(a.items, b.items)
  if (a.kind === 'by-phase' && b.kind === 'by-phase')
    return sameValue(a.training, b.training) && sameValue(a.evaluation, b.evaluation)
  if (a.kind === 'number' && b.kind === 'number') return a.value === b.value && a.unit === b.unit
  if (a.kind === 'uniform' && b.kind === 'uniform') return a.low === b.low && a.high === b.high
  if ((a.kind === 'string' && b.kind === 'string') || (a.kind === 'boolean' && b.kind === 'boolean'))
    return a.value === b.value
  return a.kind === 'phase'
}

function sameValues(a: readonly Value[] | undefined, b: readonly Value[] | undefined): boolean {
  if (!a || !b) return a === b
  return a.length === b.length && a.every((value, index) => sameValue(value, b[index]))
}

function sameTensor(a: TensorValue | undefined, b: TensorValue | undefined): boolean {
  if (!a || !b) return a === b
  return (
    a.ref.node === b.ref.node &&
    a.ref.output === b.ref.output &&
    a.type.element === b.type.element &&
    a.type.classes === b.type.classes &&
    sameShape(a.type, b.type) &&
    a.type.shape.every(({ name }, index) => name === b.type.shape[index]?.name)
  )
}
