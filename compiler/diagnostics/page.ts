import { examples } from './examples/index.js'
import type { Code } from './table.js'
import { table } from './table.js'

/** Returns the page of a diagnostic in Markdown: what it means, an example, and the example corrected. */
export function diagnosticPage(code: Code): string {
  const { severity, explanation } = table[code]
  const { wrong, right, files = {}, set = {} } = examples[code]
  const settings = Object.entries(set).map(([name, value]) => `\`--set ${name}=${value}\``)
  const beside = Object.entries(files).map(([name, text]) => `Beside it, \`${name}.wsban\`:\n\n${spec(text)}`)
  const parts = [
    `## ${code}`,
    `${severity === 'error' ? 'An error.' : 'A warning.'} ${explanation}`,
    `For example${settings.length > 0 ? `, with ${settings.join(' ')}` : ''}:`,
    spec(wrong),
    ...beside,
    ...(right === undefined ? [] : ['Better:', spec(right)]),
  ]
  return parts.join('\n\n')
}

function spec(lines: string): string {
  return `\`\`\`wsban\n${lines.trimEnd()}\n\`\`\``
}

export function codes(): Code[] {
  return Object.keys(table).filter((code): code is Code => Object.hasOwn(table, code))
}
