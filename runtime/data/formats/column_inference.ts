import { elementAt } from '../../../grammar/present.js'
import { listed } from '../listing.js'
import { splitOfName } from '../split_names.js'
import { isImageName } from '../walk.js'
import { namesClasses, spelling } from './columns.js'
import type { ImagePaths } from './image_paths.js'

/** Which columns of a table hold what, and whether its first row names them. */
export interface InferredColumns {
  readonly header: boolean
  readonly path: number
  readonly label: number
  readonly split?: number
}

/** Rows that are compared with the files on disk. */
const SAMPLE = 50

/** Column names that denote classes if no better one is there. */
const weakNames = ['type', 'kind', 'name', 'commonname', 'scientificname', 'breedname', 'tag', 'y', 'id', 'group']

/**
 * Finds the columns of a table by its contents: the paths are those that name images, the splits those whose values are splits, and the classes
 * what is left.
 *
 * @returns the columns, or why they cannot be found
 */
export function inferColumns(
  rows: readonly (readonly string[])[],
  paths: ImagePaths,
): InferredColumns | { readonly reason: string } {
  const [first, ...others] = rows
  if (!first) return { reason: 'it is empty' }
  const count = first.length
  if (rows.some((row) => row.length !== count)) return { reason: 'its rows have different numbers of columns' }
  const columns = [...first.keys()]
  const bodyOf = (column: number) => others.map((row) => elementAt(row, column).trim())
  const named = columns.filter((column) => rows.length > 1 && bodyOf(column).every(isImageName))
  const alone = rows.length === 1 ? columns.filter((column) => isImageName(elementAt(first, column).trim())) : []
  const candidates = [...named, ...alone]
  const path = (candidates.length > 0 ? candidates : columns).find((column) => {
    const cells = rows.length === 1 ? [elementAt(first, column)] : bodyOf(column).slice(0, SAMPLE)
    const found = cells.filter((cell) => cell !== '' && paths.find(cell) !== undefined).length
    // Some images may be missing, which is reported with their line; names without an extension could be anything.
    return candidates.length > 0 ? found > 0 : found === cells.length
  })
  if (path === undefined)
    return candidates[0] === undefined
      ? { reason: 'no column names images' }
      : {
          reason: `there is no file ${JSON.stringify(elementAt(others[0] ?? first, candidates[0]).trim())} in the data folder`,
        }

  const start = elementAt(first, path).trim()
  const header = rows.length > 1 && !(isImageName(start) || paths.find(start) !== undefined)
  const names = header ? first.map((name) => name.trim()) : []
  const body = header ? others : rows
  const rest = columns.filter((column) => column !== path)
  const values = (column: number) => body.map((row) => elementAt(row, column).trim())
  const split = rest.find((column) => values(column).every((value) => splitOfName(value) !== undefined))
  const label = labelColumn(
    rest.filter((column) => column !== split && !values(column).every(isImageName)),
    names,
    values,
  )
  if (typeof label !== 'number') return label
  return { header, path, label, ...(split !== undefined && { split }) }
}

function labelColumn(
  rest: readonly number[],
  names: readonly string[],
  values: (column: number) => readonly string[],
): number | { readonly reason: string } {
  const isNamed = (column: number, by: (name: string) => boolean) => by(names[column] ?? '')
  const repeats = (column: number) => new Set(values(column)).size < values(column).length
  const isNumber = (value: string) => value !== '' && Number.isFinite(Number(value))
  const measured = (column: number) =>
    values(column).every(isNumber) && values(column).some((value) => !Number.isInteger(Number(value)))
  const possible = rest.filter((column) => !measured(column))
  const byName = possible.find((column) => isNamed(column, namesClasses))
  if (byName !== undefined) return byName
  const words = possible.filter((column) => !values(column).every(isNumber))
  const weak = possible.filter((column) => isNamed(column, (name) => weakNames.includes(spelling(name))))
  const [only] = [possible, words, possible.filter(repeats), words.filter(repeats), weak].filter(
    (columns) => columns.length === 1,
  )
  const chosen = only?.[0]
  if (chosen === undefined)
    return {
      reason:
        possible.length === 0
          ? 'no column names a class for each image'
          : `which of its columns${names.length > 0 ? ` (${listed(possible.map((column) => elementAt(names, column)))})` : ''} is the class is not clear: call the column label`,
    }
  if (values(chosen).length > 10 && !repeats(chosen))
    return { reason: 'no column names a class that images have in common' }
  return chosen
}
