import type { Code } from './table.js'
import { table } from './table.js'

/** The page of a diagnostic, as Markdown. */
export function diagnosticPage(code: Code): string {
  const { severity, explanation } = table[code]
  return `## ${code}\n\n${severity === 'error' ? 'An error.' : 'A warning.'} ${explanation}`
}

export function codes(): Code[] {
  return Object.keys(table).filter((code): code is Code => Object.hasOwn(table, code))
}
