import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { Failure, reasonOf } from '../failure.js'
import type { Box } from '../images/rgb_image.js'
import { readCsv } from './csv.js'

/** The entry of an image in `boxes.csv`. */
export interface TrueBoxes {
  readonly box: Box
  readonly part?: Box
}

export const boxesFile = 'boxes.csv'

/**
 * Reads the optional `boxes.csv` of a data set: columns `path` (below the root, with forward slashes), `y1`, `x1`, `y2`, `x2` (fractions of the
 * image), and perhaps `part_y1`, `part_x1`, `part_y2`, `part_x2`. Other columns are ignored.
 *
 * @returns boxes by path (`pathKey`); empty without the file
 * @throws Failure `csv-broken`, or `boxes-broken` with the line
 */
export async function readBoxes(root: string): Promise<ReadonlyMap<string, TrueBoxes>> {
  const path = join(root, boxesFile)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map()
    throw new Failure(
      { code: 'boxes-broken', message: `cannot read ${path}: ${reasonOf(error)}`, path },
      { cause: error },
    )
  }

  const boxes = new Map<string, TrueBoxes>()
  for (const { line, values } of readCsv(text, path)) {
    const broken = (reason: string) =>
      new Failure({
        code: 'boxes-broken',
        message: `${path}, line ${line}: ${reason}`,
        help: 'the columns are path,y1,x1,y2,x2 and perhaps part_y1,part_x1,part_y2,part_x2; boxes are fractions of the image, 0 to 1',
        path,
      })
    const name = values.get('path')
    if (!name) throw broken('no path')
    const box = boxFrom(values, '', broken)
    if (!box) throw broken('no box')
    const part = boxFrom(values, 'part_', broken)
    boxes.set(pathKey(name), { box, ...(part && { part }) })
  }
  return boxes
}

/** Normalises a path: forward slashes, composed Unicode (macOS returns decomposed names). */
export function pathKey(path: string): string {
  return path.replaceAll('\\', '/').normalize('NFC')
}

const fraction = z
  .string()
  .regex(/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i)
  .transform(Number)
  .pipe(z.number().min(0).max(1))

function boxFrom(
  values: ReadonlyMap<string, string>,
  prefix: string,
  broken: (reason: string) => Failure,
): Box | undefined {
  const names = ['y1', 'x1', 'y2', 'x2'].map((side) => prefix + side)
  if (names.every((name) => !values.get(name)?.trim())) return undefined
  const [y1, x1, y2, x2] = names.map((name) => {
    const parsed = fraction.safeParse(values.get(name) ?? '')
    if (!parsed.success) {
      throw broken(`${name} is ${JSON.stringify(values.get(name) ?? '')}, not a number from 0 to 1`)
    }
    return parsed.data
  }) as [number, number, number, number]
  if (y1 >= y2 || x1 >= x2)
    throw broken(`the ${prefix ? 'part' : 'box'} from (${y1}, ${x1}) to (${y2}, ${x2}) is empty`)
  return { y1, x1, y2, x2 }
}
