import type { Box } from '../../images/rgb_image.js'
import type { SplitName } from '../dataset.js'
import { brokenLine } from '../text.js'

/** A row of a list, by column. */
export interface Row {
  readonly line: number
  readonly values: ReadonlyMap<string, string>
}

/** Common names of the columns, in lower case; the first one present counts. */
const columns = {
  path: [
    'path',
    'file',
    'file_name',
    'filename',
    'filepath',
    'file_path',
    'image',
    'image_path',
    'img_path',
    'relative_im_path',
    'fname',
    'img',
  ],
  label: ['class_name', 'label_name', 'label', 'class', 'category', 'species', 'variety', 'target'],
  split: ['split', 'subset', 'partition', 'set'],
  test: ['test', 'is_test'],
} as const

const corners = [
  {
    y1: ['y1', 'bbox_y1', 'ymin', 'y_min', 'top'],
    x1: ['x1', 'bbox_x1', 'xmin', 'x_min', 'left'],
    y2: ['y2', 'bbox_y2', 'ymax', 'y_max', 'bottom'],
    x2: ['x2', 'bbox_x2', 'xmax', 'x_max', 'right'],
  },
  {
    y1: ['y', 'bbox_y'],
    x1: ['x', 'bbox_x'],
    height: ['height', 'h', 'bbox_height', 'bbox_h'],
    width: ['width', 'w', 'bbox_width', 'bbox_w'],
  },
] as const

/** The value of a column by what it is for; undefined without such a column. */
export function columnOf(row: Row, column: keyof typeof columns): string | undefined {
  return fieldOf(row, columns[column])
}

function fieldOf({ values }: Row, names: readonly string[]): string | undefined {
  for (const name of names) {
    const exact = values.get(name)
    if (exact !== undefined) return exact
  }
  for (const [name, value] of values) if (names.includes(name.trim().toLowerCase())) return value
  return undefined
}

const splits: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  test: 'test',
  testing: 'test',
}

/** @throws Failure `list-broken` for a split of another name */
export function splitOf(row: Row, file: string): SplitName | undefined {
  const named = columnOf(row, 'split')
  if (named !== undefined) {
    const key = named.trim().toLowerCase()
    const split = Object.hasOwn(splits, key) ? splits[key] : undefined
    if (!split)
      throw brokenLine(file, row.line, `${JSON.stringify(named)} is no split`, 'the splits are train, val and test')
    return split
  }
  const test = columnOf(row, 'test')?.trim().toLowerCase()
  if (test === undefined) return undefined
  if (test === '1' || test === 'true') return 'test'
  if (test === '0' || test === 'false') return 'train'
  throw brokenLine(file, row.line, `test is ${JSON.stringify(test)}`, 'write 1 for test images and 0 for the others')
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
