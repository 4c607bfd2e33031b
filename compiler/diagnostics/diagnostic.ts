import type { Span } from '../../grammar/tree.js'

export type Severity = 'error' | 'warning'

/** A span of text that belongs to a diagnostic, with its label. */
export interface Label {
  readonly span: Span
  readonly text: string
}

/** A replacement for a span of the text; an empty span is an insertion. */
export interface Edit {
  readonly span: Span
  readonly text: string
}

/** A fix that an editor can apply. */
export interface Fix {
  readonly title: string
  readonly edits: readonly Edit[]
}

/** A problem in the user's text. Compiler phases return diagnostics and never throw them. */
export interface Diagnostic {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly help?: string
  /** The primary place, underlined with ^. */
  readonly primary: Label
  /** Related places, underlined with -. */
  readonly secondary: readonly Label[]
  readonly fix?: Fix
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}
