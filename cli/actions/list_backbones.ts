import {
  architectureNames,
  backboneNames,
  type PublishedBackbone,
  publishedBackbone,
} from '../../compiler/backbones/published.js'
import { nearest } from '../../compiler/diagnostics/suggest.js'
import { present } from '../../grammar/present.js'
import { Failure } from '../../runtime/failure.js'
import type { Io } from '../io.js'

const unknown = '-'

/**
 * Prints the published backbones whose names contain the filter, in which `*` is any text: parameters, multiply-adds, ImageNet accuracy,
 * image size and licence of each.
 *
 * @throws Failure `backbone-unknown` when no name fits
 */
export async function listBackbones(filter: string | undefined, io: Io): Promise<number> {
  const found = backboneNames.filter(matching(filter)).map((name) => present(publishedBackbone(name), name))
  if (found.length === 0 && filter !== undefined) throw noneFits(filter)
  const rows = [['name', 'parameters', 'multiply-adds', 'top-1', 'image', 'licence'], ...found.map(row)]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? []
  for (const cells of rows)
    io.print(
      cells
        .map((cell, column) => aligned(cell, column, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  io.print(`${found.length} published sets of weights; a name without its tag means the usual ones`)
  const listed = found.map(({ architecture: { parameters, billionMultiplyAdds }, ...weights }) => ({
    ...weights,
    parameters,
    billionMultiplyAdds,
  }))
  io.json({ ok: true, backbones: listed })
  return 0
}

function matching(filter = ''): (name: string) => boolean {
  const parts = filter
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(parts.join('.*'))
  return (name) => pattern.test(name.toLowerCase())
}

function noneFits(filter: string): Failure {
  const suggestion = nearest(filter, [...architectureNames, ...backboneNames])
  return new Failure({
    code: 'backbone-unknown',
    message: `no published backbone has a name with ${filter}`,
    help: suggestion === undefined ? 'wsban backbones lists all of them' : `did you mean ${suggestion}?`,
  })
}

function row({ name, architecture, top1, size, license }: PublishedBackbone): string[] {
  const { parameters, billionMultiplyAdds } = architecture
  return [
    name,
    `${(parameters / 1e6).toFixed(1)} M`,
    billionMultiplyAdds === undefined ? unknown : `${billionMultiplyAdds.toFixed(2)} G`,
    top1 === undefined ? unknown : `${top1.toFixed(2)} %`,
    String(size),
    license,
  ]
}

/** Numbers are right-aligned. */
function aligned(cell: string, column: number, width: number): string {
  return column === 0 || column === 5 ? cell.padEnd(width) : cell.padStart(width)
}
