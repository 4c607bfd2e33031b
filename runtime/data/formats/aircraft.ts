import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SplitName } from '../dataset.js'
import type { GroundTruth } from '../ground_truth.js'
import type { Listed, Listing } from '../listing.js'
import { pathBelow } from '../listing.js'
import { brokenLine, type KeyedLine, linesOf, numbersIn, readKeyedLines, readText } from '../text.js'

const classesFile = 'variants.txt'
const boxesFile = 'images_box.txt'
const listOf = (part: string) => `images_variant_${part}.txt`

/** The folder that holds FGVC-Aircraft's own files: the root, or the `data` of its archive. */
export function aircraftFolder(root: string): string | undefined {
  return [root, join(root, 'data'), join(root, 'fgvc-aircraft-2013b', 'data')].find((folder) =>
    ['train', 'trainval'].some((part) => existsSync(join(folder, listOf(part)))),
  )
}

/**
 * Reads FGVC-Aircraft as archived: one file per split with lines of image number and variant, and boxes in pixels, 1-based.
 *
 * @throws Failure `list-broken` with file and line
 */
export async function readAircraft(folder: string): Promise<Listing> {
  const has = (part: string) => existsSync(join(folder, listOf(part)))
  const parts: readonly (readonly [string, SplitName])[] =
    has('train') && has('val')
      ? [
          ['train', 'train'],
          ['val', 'val'],
          ['test', 'test'],
        ]
      : [
          [has('trainval') ? 'trainval' : 'train', 'train'],
          ['test', 'test'],
        ]
  const present = parts.filter(([part]) => has(part))
  const classes = existsSync(join(folder, classesFile))
    ? linesOf(await readText(join(folder, classesFile))).map(({ text }) => text)
    : undefined
  const known = classes && new Set(classes)
  const boxes = existsSync(join(folder, boxesFile)) ? await readKeyedLines(join(folder, boxesFile)) : undefined
  const images: Listed[] = []
  for (const [part, split] of present) {
    const file = join(folder, listOf(part))
    for (const [key, { line, rest }] of await readKeyedLines(file)) {
      if (known && !known.has(rest))
        throw brokenLine(file, line, `${classesFile} has no variant ${JSON.stringify(rest)}`)
      const origin = { file, line }
      const truth = groundTruthOf(join(folder, boxesFile), boxes?.get(key))
      const path = pathBelow(join(folder, 'images'), `${key}.jpg`, origin)
      images.push({ path, className: rest, split, ...(truth && { truth }), origin })
    }
  }
  return {
    readAs: `FGVC-Aircraft, by variant (${[...present.map(([part]) => listOf(part)), ...(boxes ? [boxesFile] : [])].join(', ')})`,
    ...(classes && { classes }),
    images,
    notes: [
      'FGVC-Aircraft asks to cut off the banner of 20 pixels at the foot of each image; they are used here as they are',
    ],
  }
}

/** Corners are 1-based and inclusive. */
function groundTruthOf(file: string, found: KeyedLine | undefined): GroundTruth | undefined {
  if (!found) return undefined
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = numbersIn(file, found, 4)
  if (x2 < x1 || y2 < y1) throw brokenLine(file, found.line, `the box from (${x1}, ${y1}) to (${x2}, ${y2}) is empty`)
  return { unit: 'stored pixels', box: { y1: y1 - 1, x1: x1 - 1, y2, x2 } }
}
