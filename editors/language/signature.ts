import { argumentsOf } from '../../compiler/analysis/name_resolver.js'
import { calleeOf } from './completion.js'
import { cursorAt } from './cursor.js'
import { documentation, signatureOf } from './describe.js'
import type { Analysis } from './workspace.js'

export interface Signature {
  readonly label: string
  readonly parameters: readonly { readonly label: string; readonly documentation: string | undefined }[]
  /** The index of the parameter at the cursor. */
  readonly active: number | undefined
}

/** Returns the signature help of a position: the call around it, and the argument at the cursor. */
export function signatureAt(analysis: Analysis, offset: number): Signature | undefined {
  const cursor = cursorAt(analysis.text, offset)
  const inner = cursor.openings.findLast(({ bracket }) => bracket !== '[')
  if (!inner?.callee) return undefined
  const definition = calleeOf({ cursor, names: analysis.names })
  if (!definition) return undefined
  const textOf = (source: string) => analysis.texts.get(source)
  const list = argumentsOf(definition)
  const { label, parts } = signatureOf(definition, textOf)
  const byName = list.findIndex(({ name }) => name === cursor.assigned)
  const byPlace = Math.min(inner.commas + (inner.callee.piped ? 1 : 0), list.length - 1)
  const active = byName >= 0 ? byName : byPlace
  return {
    label,
    parameters: list.map((argument, index) => ({
      label: parts[index] ?? argument.name,
      documentation: documentation(argument, textOf),
    })),
    active: active >= 0 ? active : undefined,
  }
}
