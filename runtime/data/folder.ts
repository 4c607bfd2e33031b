import { join, relative, resolve } from 'node:path'
import { Failure } from '../failure.js'
import { keyOf, Random } from '../random.js'
import { boxesFile, pathKey, readBoxes, type TrueBoxes } from './boxes.js'
import { type DataSet, type Sample, type SplitName, splitNames } from './dataset.js'
import { byCodePoint, type Entries, entriesOf, findPictures, isPictureName } from './walk.js'

export type { Box, DataSet, Sample, SplitName } from './dataset.js'

export interface FolderOptions {
  /** Decides which pictures are set apart when there is no val folder. */
  readonly seed: number
  /** The class names in order, when a model already has them; without, the sorted names of the class folders. */
  readonly classes?: readonly string[]
}

/** The share of each class set apart for validation when the data set does not say. */
const VALIDATION_SHARE = 0.2

/** The names a split's folder may have. */
const folderNames: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train'],
  val: ['val', 'valid', 'validation'],
  test: ['test'],
}

/** Paths of pictures by class name. */
type ByClass = Map<string, string[]>

/**
 * Opens a folder of pictures: one folder a class, directly below the root or below `train`, `val` (`valid`, `validation`) and `test`.
 * Without a val folder a seeded fifth of each class is set apart. Nothing is decoded.
 *
 * @throws Failure `data-unreadable`, `data-empty`, `data-classes` (a class the training split or the model does not know, or
 *   no training split), `data-ambiguous` (two folders for one split), `csv-broken`, `boxes-broken`
 */
export async function openImageFolder(root: string, { seed, classes: known }: FolderOptions): Promise<DataSet> {
  const notes: string[] = []
  const others = new Map<string, number>()
  const top = await entriesOf(root)
  const layout = layoutOf(root, top)
  const unused = top.folders.filter(
    (name) => !Object.values(layout).some((used) => [root, join(root, name)].includes(used)),
  )
  if (unused.length > 0) notes.push(`left out folders beside the splits: ${listed(unused)}`)
  const found: Record<SplitName, ByClass> = { train: new Map(), val: new Map(), test: new Map() }
  for (const split of splitNames) {
    const folder = layout[split]
    if (folder !== undefined) found[split] = await picturesByClass(folder, notes, others, root)
  }

  if (splitNames.every((split) => found[split].size === 0)) throw nothingFound(root, top, others)
  const classes = known ?? [...found.train.keys()].sort(byCodePoint)
  checkClasses(root, found, classes, known !== undefined, notes)
  if (found.val.size === 0 && found.train.size > 0) {
    found.val = setApart(found.train, root, seed, layout.val !== undefined, notes)
  }

  const boxes = await readBoxes(root)
  const used = new Set<string>()
  const samples = (split: SplitName) => samplesOf(found[split], classes, root, boxes, used)
  const splits = { train: samples('train'), val: samples('val'), test: samples('test') }
  if (boxes.size > 0) notes.push(noteOnBoxes(boxes.size, used.size, splits))
  if (others.size > 0) notes.push(noteOnOthers(others))
  return { root, classes, splits, notes }
}

function layoutOf(root: string, top: Entries): Partial<Record<SplitName, string>> {
  const layout: Partial<Record<SplitName, string>> = {}
  for (const split of splitNames) {
    const present = folderNames[split].filter((name) => top.folders.includes(name))
    if (present.length > 1) {
      throw new Failure({
        code: 'data-ambiguous',
        message: `${root} has both ${present.join(' and ')}, which mean the same split`,
        help: 'keep one of them',
        path: root,
      })
    }
    if (present[0] !== undefined) layout[split] = join(root, present[0])
  }
  return Object.keys(layout).length > 0 ? layout : { train: root }
}

async function picturesByClass(
  folder: string,
  notes: string[],
  others: Map<string, number>,
  root: string,
): Promise<ByClass> {
  const byClass: ByClass = new Map()
  const empty: string[] = []
  const { folders, files } = await entriesOf(folder)
  for (const name of folders) {
    const inside = await findPictures(join(folder, name))
    for (const [extension, count] of inside.others) others.set(extension, (others.get(extension) ?? 0) + count)
    if (inside.pictures.length > 0) {
      byClass.set(
        name,
        inside.pictures.map((picture) => join(folder, name, picture)),
      )
    } else empty.push(name)
  }
  const where = relative(root, folder) || 'the data folder'
  if (empty.length > 0) notes.push(`${where}: left out, as no pictures are in ${listed(empty)}`)
  const pictures = files.filter(isPictureName)
  if (pictures.length > 0)
    notes.push(`${where}: left out ${counted(pictures.length, 'picture')} outside a class folder`)
  return byClass
}

function checkClasses(
  root: string,
  found: Record<SplitName, ByClass>,
  classes: readonly string[],
  known: boolean,
  notes: string[],
): void {
  const fail = (message: string, help: string) => new Failure({ code: 'data-classes', message, help, path: root })
  if (!known && found.train.size === 0) {
    throw fail(`${root} has no pictures to train on`, 'put class folders with pictures in train/')
  }
  const names = new Set(classes)
  for (const split of splitNames) {
    const strange = [...found[split].keys()].filter((name) => !names.has(name)).sort(byCodePoint)
    if (strange.length === 0) continue
    const inSplit = `${counted(strange.length, 'class', 'classes')} of ${split}`
    throw known
      ? fail(`the model does not know ${inSplit}: ${listed(strange)}`, `the model's classes are ${listed(classes)}`)
      : fail(`${inSplit} not in train: ${listed(strange)}`, 'give each class some pictures in train, or remove it')
  }
  const first = splitNames.find((split) => found[split].size > 0)
  for (const split of splitNames) {
    const missing = classes.filter((name) => found[split].size > 0 && !found[split].has(name))
    if (missing.length > 0 && (split !== first || known)) notes.push(`${split} has no pictures of ${listed(missing)}`)
  }
}

/** Moves a seeded share of each class out of `train`. Which ones depends on the seed and the class alone, so other classes may come and go. */
function setApart(train: ByClass, root: string, seed: number, emptyFolder: boolean, notes: string[]): ByClass {
  const val: ByClass = new Map()
  const alone: string[] = []
  for (const [name, paths] of train) {
    if (paths.length < 2) {
      alone.push(name)
      continue
    }
    const count = Math.max(1, Math.round(paths.length * VALIDATION_SHARE))
    const order = new Random(keyOf(seed, 'validation', name.normalize('NFC'))).shuffle([...paths.keys()])
    const chosen = new Set(order.slice(0, count))
    val.set(
      name,
      paths.filter((_, i) => chosen.has(i)),
    )
    train.set(
      name,
      paths.filter((_, i) => !chosen.has(i)),
    )
  }
  const why = emptyFolder ? `nothing in the val folder of ${root}` : 'no val folder'
  notes.push(`${why}: ${VALIDATION_SHARE * 100} % of each class set apart (seed ${seed})`)
  if (alone.length > 0) notes.push(`val has no pictures of ${listed(alone)}: there is only one`)
  return val
}

function samplesOf(
  byClass: ByClass,
  classes: readonly string[],
  root: string,
  boxes: ReadonlyMap<string, TrueBoxes>,
  used: Set<string>,
): readonly Sample[] {
  return classes.flatMap((name, label) =>
    (byClass.get(name) ?? []).map((path) => {
      const key = pathKey(relative(resolve(root), resolve(path)))
      const known = boxes.get(key)
      if (known) used.add(key)
      return { path, label, ...known }
    }),
  )
}

function noteOnBoxes(all: number, used: number, splits: Record<SplitName, readonly Sample[]>): string {
  const pictures = splitNames.reduce((sum, split) => sum + splits[split].length, 0)
  const lost = all > used ? `; ${counted(all - used, 'line')} of it name no picture here` : ''
  return `${boxesFile} gives the true box of ${used} of ${counted(pictures, 'picture')}${lost}`
}

function noteOnOthers(others: ReadonlyMap<string, number>): string {
  const kinds = [...others]
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([ext, n]) => `${n} ${ext || 'without extension'}`)
  return `left out files that are no pictures: ${kinds.join(', ')}`
}

function nothingFound(root: string, top: Entries, others: ReadonlyMap<string, number>): Failure {
  const seen =
    top.folders.length + top.files.length === 0
      ? 'it is empty'
      : `it holds ${counted(top.folders.length, 'folder')}${top.folders.length ? ` (${listed(top.folders)})` : ''} and ${counted(top.files.length, 'file')}`
  const inside = others.size > 0 ? `; ${noteOnOthers(others)}` : ''
  return new Failure({
    code: 'data-empty',
    message: `no pictures in class folders of ${root}: ${seen}${inside}`,
    help: 'one folder a class with JPEG, PNG, WebP, AVIF, TIFF or GIF files in it, either directly or below train/ and val/; wsban data sample -o DIR makes one to try',
    path: root,
  })
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

function listed(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).map((name) => JSON.stringify(name))
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ')
}
