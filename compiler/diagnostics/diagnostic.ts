import type { Span } from '../../grammar/tree.js'

export type Severity = 'error' | 'warning'

/** A stretch of text that belongs to a diagnostic, with what to say about it there. */
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

/** Something a compiler phase has to say about what the user wrote. Phases return these; they never throw them. */
export interface Diagnostic {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly help?: string
  /** Where it is: underlined with ^. */
  readonly primary: Label
  /** Other places that matter: underlined with -. */
  readonly secondary: readonly Label[]
  readonly fix?: Fix
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}
