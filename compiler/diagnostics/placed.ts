import type { Diagnostic, Label, Severity } from './diagnostic.js'
import { positionOf } from './render.js'

/** A stretch of a file, as tools count: lines and columns from 1, offsets from 0 in UTF-16 units. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly start: number
  readonly end: number
  /** The text of its label. */
  readonly text?: string
}

/** A diagnostic for machines: plain values, ready for JSON. */
export interface PlacedDiagnostic {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly help?: string
  readonly at: Place
  readonly related: readonly Place[]
}

/** @param texts every file by its source */
export function placed(diagnostic: Diagnostic, texts: ReadonlyMap<string, string>): PlacedDiagnostic {
  const { code, severity, message, help, primary, secondary } = diagnostic
  const at = ({ span, text }: Label): Place => {
    const { line, column } = positionOf(span, texts)
    const { source: file, start, end } = span
    return { file, line, column: column + 1, start, end, ...(text !== '' && { text }) }
  }
  return { code, severity, message, ...(help !== undefined && { help }), at: at(primary), related: secondary.map(at) }
}
