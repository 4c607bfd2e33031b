import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SplitName } from '../dataset.js'
import type { GroundTruth, Point } from '../ground_truth.js'
import { counted, type Listed, type Listing, pathBelow } from '../listing.js'
import { brokenLine, type KeyedLine, linesOf, numbersIn, readKeyedLines, readText } from '../text.js'

const files = {
  images: 'images.txt',
  labels: 'image_class_labels.txt',
  classes: 'classes.txt',
  split: 'train_test_split.txt',
  boxes: 'bounding_boxes.txt',
  points: join('parts', 'part_locs.txt'),
  pointNames: join('parts', 'parts.txt'),
} as const

/** Returns the folder of CUB's files: the root, or the folder of its archive. */
export function cubFolder(root: string): string | undefined {
  return [root, join(root, 'CUB_200_2011')].find((folder) =>
    [files.images, files.labels, files.classes].every((file) => existsSync(join(folder, file))),
  )
}

/**
 * Reads CUB-200-2011 as archived: files of image number and path, class, split, box (x, y, width, height in pixels) or parts.
 *
 * @throws Failure `list-broken` with file and line
 */
export async function readCub(folder: string): Promise<Listing> {
  const read = async (file: string) => {
    const path = join(folder, file)
    return existsSync(path) ? await readKeyedLines(path) : new Map<string, KeyedLine>()
  }
  const paths = await read(files.images)
  const labels = await read(files.labels)
  const classes = await read(files.classes)
  const split = await read(files.split)
  const boxes = await read(files.boxes)
  const points = await readPoints(folder)
  for (const [file, lines] of [
    [files.labels, labels],
    [files.split, split],
    [files.boxes, boxes],
  ] as const)
    for (const [key, { line }] of lines)
      if (!paths.has(key)) throw brokenLine(join(folder, file), line, `there is no image ${key} in ${files.images}`)

  const used = new Set<string>()
  const images = [...paths].map(([key, { rest, line }]): Listed => {
    const origin = { file: join(folder, files.images), line }
    const label = labels.get(key)
    if (!label) throw brokenLine(origin.file, line, `image ${key} has no class in ${files.labels}`)
    const name = classes.get(label.rest)?.rest
    if (name === undefined)
      throw brokenLine(join(folder, files.labels), label.line, `${files.classes} has no class ${label.rest}`)
    used.add(label.rest)
    const truth = groundTruthOf(join(folder, files.boxes), boxes.get(key), points.get(key))
    return {
      path: pathBelow(join(folder, 'images'), rest, origin),
      className: name,
      split: split.size === 0 ? 'train' : splitOf(join(folder, files.split), split.get(key), origin.file, line, key),
      ...(truth && { truth }),
      origin,
    }
  })
  const unused = classes.size - used.size
  return {
    readAs: `CUB-200-2011 (${[files.images, files.split, files.boxes, files.points].filter((file) => existsSync(join(folder, file))).join(', ')})`,
    classes: [...classes].filter(([key]) => used.has(key)).map(([, { rest }]) => rest),
    images,
    notes: unused > 0 ? [`${files.classes}: left out ${counted(unused, 'class', 'classes')} without images`] : [],
  }
}

function splitOf(file: string, found: KeyedLine | undefined, imagesFile: string, line: number, key: string): SplitName {
  if (!found) throw brokenLine(imagesFile, line, `image ${key} has no line in ${files.split}`)
  if (found.rest === '1') return 'train'
  if (found.rest === '0') return 'test'
  throw brokenLine(file, found.line, `${JSON.stringify(found.rest)} is neither 1 (train) nor 0 (test)`)
}

function groundTruthOf(
  file: string,
  box: KeyedLine | undefined,
  points: readonly Point[] | undefined,
): GroundTruth | undefined {
  if (!box && !points) return undefined
  if (!box) return { unit: 'stored pixels', ...(points && { points }) }
  const [x = 0, y = 0, width = 0, height = 0] = numbersIn(file, box, 4)
  if (width <= 0 || height <= 0) throw brokenLine(file, box.line, `a box of ${width} x ${height} is empty`)
  return { unit: 'stored pixels', box: { y1: y, x1: x, y2: y + height, x2: x + width }, ...(points && { points }) }
}

/** Reads the visible parts by image from lines of image, part, x, y and visibility. */
async function readPoints(folder: string): Promise<ReadonlyMap<string, readonly Point[]>> {
  const found = new Map<string, Point[]>()
  const path = join(folder, files.points)
  if (!existsSync(path)) return found
  const namesPath = join(folder, files.pointNames)
  const names = existsSync(namesPath) ? await readKeyedLines(namesPath) : undefined
  for (const { line, text } of linesOf(await readText(path))) {
    const [image = '', part = '', ...rest] = text.split(/\s+/)
    const [x = 0, y = 0, seen = 0] = numbersIn(path, { line, rest: rest.join(' ') }, 3)
    if (seen === 0) continue
    const points = found.get(image) ?? []
    points.push({ name: names?.get(part)?.rest ?? part, y, x })
    found.set(image, points)
  }
  return found
}
