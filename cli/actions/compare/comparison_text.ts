import { safeLine } from '../../../compiler/diagnostics/safe_text.js'
import { elementAt } from '../../../grammar/present.js'
import type { ComparedModel, ComparedPair } from '../../../runtime/report/compared.js'
import { conclusion, pairSentence } from '../../../runtime/report/comparison_sentences.js'
import { comparisonTable } from '../../../runtime/report/comparison_table.js'

/** Returns the table and the sentences of a comparison for a terminal; an asterisk marks the best value of a column. */
export function comparisonText(models: readonly ComparedModel[], pairs: readonly ComparedPair[]): string {
  const { headings, rows, words } = comparisonTable(models)
  // A blank keeps the place of the asterisk, so that the digits stay below each other.
  const lines = [
    headings.map((heading, index) => (index < words ? heading : `${heading} `)),
    ...rows.map((row) => row.map(({ text, best }, index) => (index < words ? text : `${text}${best ? '*' : ' '}`))),
  ].map((line) => line.map(safeLine))
  const widths = headings.map((_, index) => Math.max(...lines.map((line) => elementAt(line, index).length)))
  const table = lines.map((line) =>
    line
      .map((cell, index) =>
        index < words ? cell.padEnd(elementAt(widths, index)) : cell.padStart(elementAt(widths, index)),
      )
      .join('  ')
      .trimEnd(),
  )
  return [
    ...table,
    '',
    '* the best value of its column; in brackets: 95 % interval of top-1',
    '',
    ...pairs.map((pair) => safeLine(pairSentence(pair))),
    ...(pairs.length > 1 ? [conclusion(pairs)] : []),
  ].join('\n')
}
