import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { SplitName } from '../dataset.js'
import type { GroundTruth } from '../ground_truth.js'
import { type Listed, type Listing, type Origin, pathBelow } from '../listing.js'
import { type MatValue, readMat5 } from '../mat5.js'
import { brokenLine } from '../text.js'

/** One annotation file and the folder of its images. */
interface Part {
  readonly file: string
  /** The folder of its images; undefined if each line gives its own path. */
  readonly images: string | undefined
  /** Undefined if each line gives its own split. */
  readonly split: SplitName | undefined
}

export interface CarsFiles {
  readonly root: string
  readonly classes: string
  readonly parts: readonly Part[]
  readonly notes: readonly string[]
}

/** Stanford Cars' own files: cars_annos.mat for all, or a file a split in devkit/ with its names in cars_meta.mat. */
export function carsFiles(root: string): CarsFiles | undefined {
  const all = join(root, 'cars_annos.mat')
  if (existsSync(all))
    return { root, classes: all, parts: [{ file: all, images: undefined, split: undefined }], notes: [] }
  const find = (...names: readonly string[]) =>
    names.flatMap((name) => [join(root, name), join(root, 'devkit', name)]).find((path) => existsSync(path))
  // Some copies nest the folder of images in a folder of the same name.
  const images = (name: string) => {
    const inner = join(root, name, name)
    return existsSync(inner) ? inner : join(root, name)
  }
  const classes = find('cars_meta.mat')
  const train = find('cars_train_annos.mat')
  if (classes === undefined || train === undefined) return undefined
  const test = find('cars_test_annos_withlabels.mat')
  const parts: Part[] = [{ file: train, images: images('cars_train'), split: 'train' }]
  if (test !== undefined) parts.push({ file: test, images: images('cars_test'), split: 'test' })
  const unlabelled = test === undefined && find('cars_test_annos.mat') !== undefined
  return {
    root,
    classes,
    parts,
    notes: unlabelled
      ? ['left out the test images: their classes are in cars_test_annos_withlabels.mat, which is not here']
      : [],
  }
}

/**
 * Stanford Cars as its archive has it: class numbers from 1, boxes in pixels counted from 1.
 *
 * @throws Failure `mat-unreadable`, or `list-broken` with the file and the number of the annotation
 */
export async function readCars({ root, classes: classesFile, parts, notes }: CarsFiles): Promise<Listing> {
  const names = (await readMat5(classesFile)).get('class_names')
  if (names?.kind !== 'cells') throw brokenLine(classesFile, 1, 'there is no class_names in it', 'get the file again')
  const classes = names.cells.map((cell, index) => {
    if (cell.kind === 'text') return cell.text
    throw brokenLine(classesFile, index + 1, 'a class name is no text', 'get the file again')
  })
  const images: Listed[] = []
  for (const part of parts) {
    const annotations = (await readMat5(part.file)).get('annotations')
    if (annotations?.kind !== 'structs')
      throw brokenLine(part.file, 1, 'there are no annotations in it', 'get the file again')
    for (const [index, fields] of annotations.structs.entries())
      images.push(imageOf(root, part, new Annotation(fields, { file: part.file, line: index + 1 }), classes))
  }
  return {
    readAs: `Stanford Cars (${[...new Set([classesFile, ...parts.map(({ file }) => file)])].map((file) => basename(file)).join(', ')})`,
    classes,
    images,
    notes,
  }
}

function imageOf(root: string, part: Part, annotation: Annotation, classes: readonly string[]): Listed {
  const number = annotation.number('class')
  const className = classes[number - 1]
  if (className === undefined) throw annotation.broken(`class ${number} of ${classes.length}`)
  const path =
    part.images === undefined
      ? pathBelow(root, annotation.text('relative_im_path'), annotation.origin)
      : pathBelow(part.images, annotation.text('fname'), annotation.origin)
  const split = part.split ?? (annotation.number('test') === 1 ? 'test' : 'train')
  const [x1, y1, x2, y2] = ['x1', 'y1', 'x2', 'y2'].map((side) => annotation.number(`bbox_${side}`)) as [
    number,
    number,
    number,
    number,
  ]
  if (x2 < x1 || y2 < y1) throw annotation.broken(`the box from (${x1}, ${y1}) to (${x2}, ${y2}) is empty`)
  const truth: GroundTruth = { unit: 'stored pixels', box: { y1: y1 - 1, x1: x1 - 1, y2, x2 } }
  return { path, className, split, truth, origin: annotation.origin }
}

/** One struct of a file; messages give its number in place of a line. */
class Annotation {
  constructor(
    private readonly fields: ReadonlyMap<string, MatValue>,
    readonly origin: Origin,
  ) {}

  number(name: string): number {
    const value = this.fields.get(name)
    const [number] = value?.kind === 'numbers' ? value.values : []
    if (number === undefined || !Number.isFinite(number)) throw this.broken(`no number ${name}`)
    return number
  }

  text(name: string): string {
    const value = this.fields.get(name)
    if (value?.kind !== 'text' || value.text === '') throw this.broken(`no text ${name}`)
    return value.text
  }

  broken(reason: string) {
    return brokenLine(this.origin.file, this.origin.line, reason, 'get the file again')
  }
}
