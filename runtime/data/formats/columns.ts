import type { Box } from '../../images/rgb_image.js'
import type { SplitName } from '../dataset.js'
import { splitOfName } from '../split_names.js'
import { brokenLine } from '../text.js'

/** A row of a list, by column. */
export interface Row {
  readonly line: number
  readonly values: ReadonlyMap<string, string>
}

/** Common names of the columns, spelled as by `spelling`; the first one present counts. */
const columns = {
  path: [
    ...['path', 'file', 'filename', 'filepath', 'image', 'imagepath', 'imgpath', 'relativeimpath', 'fname', 'img'],
    ...['filepaths', 'filenames', 'imagename', 'imagefile', 'imagefilename', 'imagepaths', 'images'],
  ],
  label: [
    ...['classname', 'labelname', 'label', 'class', 'category', 'species', 'variety', 'target'],
    ...['labels', 'classes', 'categoryname', 'speciesname', 'breed'],
  ],
  split: ['split', 'subset', 'partition', 'set'],
} as const

/** Columns that mark the images of one split. */
const marks: readonly { readonly names: readonly string[]; readonly marked: SplitName; readonly others: SplitName }[] =
  [
    { names: ['test', 'istest'], marked: 'test', others: 'train' },
    { names: ['isval', 'isvalid', 'isvalidation'], marked: 'val', others: 'train' },
    { names: ['train', 'istrain', 'istraining', 'istrainingimage', 'istrainingimg'], marked: 'train', others: 'test' },
  ]

const corners = [
  {
    y1: ['y1', 'bboxy1', 'ymin', 'top'],
    x1: ['x1', 'bboxx1', 'xmin', 'left'],
    y2: ['y2', 'bboxy2', 'ymax', 'bottom'],
    x2: ['x2', 'bboxx2', 'xmax', 'right'],
  },
  {
    y1: ['y', 'bboxy'],
    x1: ['x', 'bboxx'],
    height: ['height', 'h', 'bboxheight', 'bboxh'],
    width: ['width', 'w', 'bboxwidth', 'bboxw'],
  },
] as const

/** The value of a column by what it is for; undefined without such a column. */
export function columnOf(row: Row, column: keyof typeof columns): string | undefined {
  return fieldOf(row, columns[column])
}

function fieldOf({ values }: Row, names: readonly string[]): string | undefined {
  const spelled = spelledNames(values)
  for (const name of names) {
    const exact = spelled.get(name)
    if (exact !== undefined) return values.get(exact)
  }
  return undefined
}

const spelledNamesOf = new WeakMap<ReadonlyMap<string, string>, ReadonlyMap<string, string>>()

/** Returns the names of the columns by their spelling. Of several columns with one spelling the first one counts. */
function spelledNames(values: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const known = spelledNamesOf.get(values)
  if (known) return known
  const spelled = new Map([...values.keys()].reverse().map((name) => [spelling(name), name]))
  spelledNamesOf.set(values, spelled)
  return spelled
}

/** `File Name`, `file_name` and `filename` are one name. */
export function spelling(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '')
}

/** Whether a name is a usual one for a column of classes. */
export function namesClasses(name: string): boolean {
  return (columns.label as readonly string[]).includes(spelling(name))
}

/**
 * Whether a row has a path and what is known of the image.
 *
 * @param labels the label inputs whose columns are read; a column of a usual name without any
 */
export function namesImages(row: Row, labels: readonly string[]): boolean {
  if (columnOf(row, 'path') === undefined) return false
  if (labels.length === 0) return columnOf(row, 'label') !== undefined
  return labels.some((label) => labelCells(row.values, label).size > 0)
}

/**
 * Returns the cells of a label input by what follows its name in the name of the column: that of its own column (`traits`), whose rest is empty,
 * or those of several (`traits_spots`, `traits: stripes`).
 */
export function labelCells(values: ReadonlyMap<string, string>, label: string): ReadonlyMap<string, string> {
  const spelled = spelledNames(values)
  const own = values.has(label) ? label : spelled.get(spelling(label))
  if (own !== undefined) return new Map([['', values.get(own) ?? '']])
  const cells = new Map<string, string>()
  for (const [column, cell] of values) {
    const rest = column.toLowerCase().startsWith(label.toLowerCase()) ? column.slice(label.length) : ''
    const name = /^[\s_.:/-]+(.+)$/.exec(rest)?.[1]?.trim()
    if (name !== undefined) cells.set(name, cell)
  }
  return cells
}

/** Returns a row whose path, class and split are in these columns, whatever the columns are called. */
export function rowWith(row: Row, { path, label, split }: { path: string; label: string; split?: string }): Row {
  return {
    line: row.line,
    values: new Map([
      ...row.values,
      [columns.path[0], path],
      [columns.label[0], label],
      ...(split === undefined ? [] : [[columns.split[0], split] as const]),
    ]),
  }
}

/** @throws Failure `list-broken` for a split of another name */
export function splitOf(row: Row, file: string): SplitName | undefined {
  const named = columnOf(row, 'split')
  if (named !== undefined) {
    const split = splitOfName(named)
    if (!split)
      throw brokenLine(file, row.line, `${JSON.stringify(named)} is no split`, 'the splits are train, val and test')
    return split
  }
  for (const { names, marked, others } of marks) {
    const mark = fieldOf(row, names)?.trim().toLowerCase()
    if (mark === undefined) continue
    if (/^(?:1|true|yes)$/.test(mark)) return marked
    if (/^(?:0|false|no)$/.test(mark)) return others
    throw brokenLine(
      file,
      row.line,
      `${names[0]} is ${JSON.stringify(mark)}`,
      `write 1 for ${marked} images and 0 for the others`,
    )
  }
  // Columns of these names often hold something else.
  const possible = fieldOf(row, ['dataset', 'phase', 'usage'])
  return possible === undefined ? undefined : splitOfName(possible)
}

/**
 * The row's box in the file's own unit: its corners, or a corner with width and height. Undefined where none is given.
 *
 * @throws Failure `list-broken` for half a box, one that is no numbers, or an empty one
 */
export function boxOf(row: Row, file: string): Box | undefined {
  for (const names of corners) {
    const given = Object.entries(names).map(([side, known]) => [side, fieldOf(row, known)?.trim()] as const)
    // A width alone says how large the image is, in many lists.
    if (given.some(([, value]) => value === undefined)) continue
    if (given.every(([, value]) => value === '')) return undefined
    const sides = new Map(
      given.map(([side, value = '']) => {
        const number = value === '' ? Number.NaN : Number(value)
        if (!Number.isFinite(number) || number < 0)
          throw brokenLine(
            file,
            row.line,
            `${side} of the box is ${JSON.stringify(value)}`,
            'a box is four numbers, or all four are empty',
          )
        return [side, number]
      }),
    )
    const side = (name: string) => sides.get(name) as number
    const [y1, x1] = [side('y1'), side('x1')]
    const [y2, x2] = sides.has('y2') ? [side('y2'), side('x2')] : [y1 + side('height'), x1 + side('width')]
    if (y2 <= y1 || x2 <= x1)
      throw brokenLine(
        file,
        row.line,
        `the box from (${y1}, ${x1}) to (${y2}, ${x2}) is empty`,
        'give y1 < y2 and x1 < x2',
      )
    return { y1, x1, y2, x2 }
  }
  return undefined
}
