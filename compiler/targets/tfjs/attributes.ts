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

/** The type of a function's argument that carries such an attribute. */
export function attributeType({ kind }: ArgumentSpec): string {
  switch (kind.is) {
    case 'pair':
      return 'Pair'
    case 'boolean':
      return 'boolean'
    case 'number or uniform':
      return 'number | Range'
    default:
      return 'number'
  }
}
