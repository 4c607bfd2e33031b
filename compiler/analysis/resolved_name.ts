import type { Binding, Block, Branch, Parameter, RepeatExpression, Span } from '../../grammar/tree.js'
import type { ArgumentSpec, Operation } from '../ops/operation.js'
import type { SettingSpec } from '../training/setting_spec.js'
import type { CompileTimeFunction } from './functions/function.js'

/** The definition that a name refers to. */
export interface Definition {
  readonly kind:
    | 'operation'
    | 'function'
    | 'setting'
    | 'argument'
    | 'word'
    | 'training'
    | 'block'
    | 'model'
    | 'branch'
    | 'input'
    | 'parameter'
    | 'binding'
    | 'round'
  readonly name: string
  /** Where it is defined; absent for built-in names. */
  readonly span?: Span
  readonly operation?: Operation
  readonly function?: CompileTimeFunction
  readonly setting?: SettingSpec
  readonly argument?: ArgumentSpec
  readonly block?: Block
  readonly branch?: Branch
  readonly parameter?: Parameter
  readonly binding?: Binding
}

/** A definition with the members that a dot after its name can reach. */
export interface ResolvedName {
  readonly definition: Definition
  readonly members: () => Members
}

export type Members = Pick<ReadonlyMap<string, ResolvedName>, 'get' | 'entries'>

/** The names of one pair of braces, and the position from which each is visible. */
export interface NameScope {
  readonly start: number
  readonly end: number
  readonly names: Map<string, { readonly entity: ResolvedName; readonly from: number }>
  readonly parent: NameScope | undefined
}

export const nothing: Members = new Map()

/** Members of a body: its own bindings, and those of the value that it returns. */
export function bodyMembers(result: ResolvedName | undefined, { names }: NameScope): Members {
  const own = [...names].filter(([, { entity }]) => entity.definition.kind === 'binding')
  const returned = result ? [...result.members().entries()] : []
  return new Map([...returned, ...own.map(([name, { entity }]): [string, ResolvedName] => [name, entity])])
}

/** The carried values of a repeat where they are several, and its rounds. How many those are is not known from the text. */
export function repeatMembers(
  { named }: RepeatExpression,
  round: ResolvedName,
  carried: ReadonlyMap<string, ResolvedName>,
): Members {
  return {
    get: (name) => carried.get(name) ?? (mayBeRound(name, named) ? round : undefined),
    entries: () => new Map([...(named ? [] : [['0', round] as const]), ...carried]).entries(),
  }
}

/** Whether a round may have the name; computed parts of it match anything. */
function mayBeRound(name: string, named: RepeatExpression['named']): boolean {
  if (!named) return /^\d+$/.test(name)
  const { parts } = named
  const [first, last] = [parts[0], parts.at(-1)]
  const shortest = parts.reduce((length, part) => length + (typeof part === 'string' ? part.length : 1), 0)
  if (parts.length === 1 && typeof first === 'string') return name === first
  if (name.length < shortest) return false
  return (typeof first !== 'string' || name.startsWith(first)) && (typeof last !== 'string' || name.endsWith(last))
}

/** The value of a pipeline is that of its last stage; each stage is a member by its number. */
export function pipelineMembers(
  last: ResolvedName | undefined,
  stages: readonly (ResolvedName | undefined)[],
): ResolvedName | undefined {
  const numbered = stages.flatMap((stage, index): [string, ResolvedName][] => (stage ? [[String(index), stage]] : []))
  return last && { definition: last.definition, members: () => new Map([...numbered, ...last.members().entries()]) }
}
