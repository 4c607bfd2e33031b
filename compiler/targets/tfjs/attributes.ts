import type { Attribute } from '../../graph/graph.js'
import type { ArgumentSpec } from '../../ops/operation.js'
import { literal } from './literals.js'

/** An attribute as TypeScript. Strings are words of the language, quoted all the same. */
export function attributeCode(value: Attribute): string {
  if (typeof value === 'string') return literal(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!('kind' in value)) return `[${value.join(', ')}]`
  if (value.kind === 'uniform') return `{ low: ${value.low}, high: ${value.high} }`
  return `at.training ? ${attributeCode(value.training)} : ${attributeCode(value.evaluation)}`
}

/** The type of a function's argument that carries such an attribute, and what it imports from wsban/runtime. */
export function attributeType({ kind }: ArgumentSpec): { readonly text: string; readonly imports: readonly string[] } {
  switch (kind.is) {
    case 'pair':
      return { text: 'Pair', imports: ['Pair'] }
    case 'boolean':
      return { text: 'boolean', imports: [] }
    case 'number or uniform':
      return { text: 'number | Range', imports: ['Range'] }
    default:
      return { text: 'number', imports: [] }
  }
}
