import type { Answer } from '../../../runtime/inference/answer.js'
import type { RankedClass } from '../../../runtime/inference/ranked_classes.js'

/** The first line of a file of predictions: the classes by rank, and the crop in fractions of the image. */
export function csvHeader(top: number, branches: readonly string[]): string {
  const ranks = Array.from({ length: top }, (_, index) => (index === 0 ? '' : `_${index + 1}`))
  return row([
    'path',
    'known',
    ...ranks.flatMap((rank) => [`label${rank}`, `probability${rank}`]),
    ...branches.map((branch) => `label_${branch}`),
    'y1',
    'x1',
    'y2',
    'x2',
  ])
}

/** @param branches the class predicted by each branch */
export function csvRow(
  path: string,
  classes: readonly RankedClass[],
  branches: readonly string[],
  { box, known }: Pick<Answer, 'box' | 'known'>,
): string {
  return row([
    path,
    known === undefined ? '' : known ? 'yes' : 'no',
    ...classes.flatMap(({ name, probability }) => [name, probability.toFixed(6)]),
    ...branches,
    ...(box ?? ['', '', '', '']).map((value) => (typeof value === 'number' ? value.toFixed(4) : value)),
  ])
}

/** RFC 4180. A spreadsheet would evaluate a field that begins like a formula, so an apostrophe is prepended. */
function row(fields: readonly string[]): string {
  return `${fields.map(field).join(',')}\r\n`
}

function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
