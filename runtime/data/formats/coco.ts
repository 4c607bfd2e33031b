import { basename } from 'node:path'
import * as z from 'zod'
import { counted } from '../listing.js'
import { brokenLine } from '../text.js'
import type { Row } from './columns.js'

const id = z.union([z.number(), z.string()])

const cocoFile = z.object({
  images: z.array(z.object({ id, file_name: z.string() })),
  annotations: z.array(
    z.object({ image_id: id, category_id: id, bbox: z.array(z.number()).optional(), iscrowd: z.unknown().optional() }),
  ),
  categories: z.array(z.object({ id, name: z.string() })),
})

/** The images of a file in the format of COCO, as rows of a list. */
export interface CocoList {
  readonly rows: readonly Row[]
  /** The names of the categories that images have, in the order of their numbers. */
  readonly classes: readonly string[]
  readonly notes: readonly string[]
}

/** Whether parsed JSON has the three lists of COCO's format. */
export function isCoco(content: unknown): boolean {
  const lists = z.object({
    images: z.array(z.unknown()),
    annotations: z.array(z.unknown()),
    categories: z.array(z.unknown()),
  })
  return lists.safeParse(content).success
}

/**
 * Reads COCO's format: the category of an image's objects is its class. An image with objects of several categories, or without any, has no class and
 * is left out. The box of an image with a single object is its ground truth.
 *
 * @param content parsed JSON for which `isCoco`
 * @param text the same as text, for the lines of the images
 * @throws Failure `list-broken`
 */
export function readCoco(content: unknown, text: string, file: string): CocoList {
  const parsed = cocoFile.safeParse(content)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw brokenLine(
      file,
      1,
      `${issue?.path.join('.') ?? 'the file'} is not as in COCO's format: ${issue?.message ?? 'unknown'}`,
    )
  }
  const { images, annotations, categories } = parsed.data
  const names = new Map(categories.map((category) => [category.id, category.name]))
  const objects = new Map<string | number, (typeof annotations)[number][]>()
  for (const annotation of annotations) {
    const others = objects.get(annotation.image_id)
    if (others) others.push(annotation)
    else objects.set(annotation.image_id, [annotation])
  }
  const lines = linesOfImages(text, images.length)
  const used = new Set<string>()
  let several = 0
  let without = 0
  const rows = images.flatMap((image, index): Row[] => {
    const line = lines[index] ?? 1
    const ofImage = objects.get(image.id) ?? []
    const [category, ...others] = new Set(ofImage.map((object) => object.category_id))
    if (category === undefined) without++
    if (others.length > 0) several++
    if (category === undefined || others.length > 0) return []
    const name = names.get(category)
    if (name === undefined) throw brokenLine(file, line, `the image's category ${JSON.stringify(category)} has no name`)
    used.add(name)
    const box = ofImage.length === 1 ? ofImage[0]?.bbox : undefined
    return [{ line, values: new Map([['path', image.file_name], ['label', name], ...sidesOf(box)]) }]
  })
  const left = [
    ...(several > 0 ? [`${counted(several, 'image')} with objects of several categories`] : []),
    ...(without > 0 ? [`${counted(without, 'image')} without objects`] : []),
  ]
  return {
    rows,
    classes: [...new Set(categories.map(({ name }) => name))].filter((name) => used.has(name)),
    notes: left.length > 0 ? [`${basename(file)}: left out ${left.join(' and ')}`] : [],
  }
}

/** Boxes of zero size, which some tools write, are ignored. */
function sidesOf(box: readonly number[] | undefined): readonly (readonly [string, string])[] {
  const [x = 0, y = 0, width = 0, height = 0] = box ?? []
  if (!(width > 0 && height > 0)) return []
  const sides = { x1: Math.max(0, x), y1: Math.max(0, y), x2: x + width, y2: y + height }
  if (sides.x2 <= sides.x1 || sides.y2 <= sides.y1) return []
  return Object.entries(sides).map(([side, value]) => [side, String(value)])
}

/** The lines of the images' names, if each image has one; otherwise none. */
function linesOfImages(text: string, count: number): readonly number[] {
  const lines: number[] = []
  let line = 1
  for (const [token] of text.matchAll(/\n|"file_name"\s*:/g)) {
    if (token === '\n') line++
    else lines.push(line)
    line += token === '\n' ? 0 : (token.match(/\n/g)?.length ?? 0)
  }
  return lines.length === count ? lines : []
}
