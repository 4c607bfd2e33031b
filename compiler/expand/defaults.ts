import type { Argument } from '../../grammar/tree.js'
import type { ArgumentSpec } from '../ops/operation.js'

/** An optional argument with its default. */
export interface Defaulted {
  readonly name: string
  /** As it is written in a spec; undefined without a default, or if it is required. */
  readonly standard: string | undefined
  /** It takes every value by position from its place on. */
  readonly variadic?: boolean
}

export function defaulted(specs: readonly ArgumentSpec[]): Defaulted[] {
  return specs.map((spec) => ({
    name: spec.name,
    standard: written(spec),
    ...(spec.kind.is === 'tensors' && { variadic: true }),
  }))
}

/** An argument's default in the language itself. */
export function written({ kind, default: standard }: ArgumentSpec): string | undefined {
  if (standard === undefined || standard === null) return undefined
  const takesWord = kind.is === 'word' || kind.is === 'colours' || kind.is === 'axes' || kind.is === 'number'
  return typeof standard === 'string' && !takesWord ? JSON.stringify(standard) : String(standard)
}

/** `name = value` for each argument that the list leaves out. `piped` values came through `->`. */
export function leftOut(known: readonly Defaulted[], list: readonly Argument[], piped: number): string[] {
  const positional = piped + list.filter(({ name }) => !name).length
  const first = known.findIndex(({ variadic }) => variadic)
  const given = new Set([
    ...known.filter((_, index) => index < positional && (first === -1 || index <= first)).map(({ name }) => name),
    ...list.flatMap(({ name }) => name?.text ?? []),
  ])
  return known.flatMap(({ name, standard }) =>
    given.has(name) || standard === undefined ? [] : [`${name} = ${standard}`],
  )
}
