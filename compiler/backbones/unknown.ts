import type { Span } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import { architectureNames, backboneNames } from './published.js'

/** Returns the error for a name that no published backbone has; `words` are other names that the place accepts. */
export function unknownBackbone(name: string, span: Span, words: readonly string[] = []): Diagnostic {
  const known = [...words, ...architectureNames, ...backboneNames]
  return diagnose('unknown-backbone', { name, known, suggestion: nearest(name, known) }, span)
}
