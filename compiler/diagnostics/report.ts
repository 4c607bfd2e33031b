import type { Span } from '../../grammar/tree.js'
import type { Diagnostic, Fix, Label } from './diagnostic.js'
import { type Code, type Entry, table, type ValuesOf } from './table.js'

export interface DiagnosticDetails {
  /** The text under the primary underline. */
  readonly note?: string
  /** Labels of other places. */
  readonly secondary?: readonly Label[]
  /** Replaces the fix of the table. */
  readonly fix?: Fix | undefined
}

/** Returns the table's diagnostic for a code, with its message for the given values. */
export function diagnose<C extends Code>(
  code: C,
  values: ValuesOf<C>,
  span: Span,
  { note = '', secondary = [], fix }: DiagnosticDetails = {},
): Diagnostic {
  // Each entry is typed by its own values; the compiler cannot follow that through the union, the signature can.
  const entry = table[code] as unknown as Entry<ValuesOf<C>>
  const help = entry.help?.(values)
  const applied = fix ?? ownFix(entry, values, span)
  return {
    code,
    severity: entry.severity,
    message: entry.message(values),
    ...(help !== undefined && { help }),
    primary: { span, text: note },
    secondary,
    ...(applied && { fix: applied }),
  }
}

function ownFix<Values>({ replacement, insertion }: Entry<Values>, values: Values, span: Span): Fix | undefined {
  const text = replacement?.(values)
  if (text !== undefined) return { title: `Replace it with ${text}`, edits: [{ span, text }] }
  const line = insertion?.(values)
  const top = { source: span.source, start: 0, end: 0 }
  return line === undefined ? undefined : { title: `Add: ${line}`, edits: [{ span: top, text: `${line}\n` }] }
}
