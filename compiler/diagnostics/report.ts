import type { Span } from '../../grammar/tree.js'
import type { Diagnostic, Label } from './diagnostic.js'
import { type Code, type Entry, table, type ValuesOf } from './table.js'

/** Makes a diagnostic from the table. `note` is what stands under the primary underline. */
export function diagnose<C extends Code>(
  code: C,
  values: ValuesOf<C>,
  span: Span,
  note = '',
  secondary: readonly Label[] = [],
): Diagnostic {
  // Each entry is typed by its own values; the compiler cannot follow that through the union, the signature can.
  const entry = table[code] as unknown as Entry<ValuesOf<C>>
  const help = entry.help?.(values)
  return {
    code,
    severity: entry.severity,
    message: entry.message(values),
    ...(help !== undefined && { help }),
    primary: { span, text: note },
    secondary,
  }
}
