import { stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Failure } from '../failure.js'
import { type BothOrders, type ClassOrder, sortClasses } from './class_order.js'
import { type DataSet, type SplitName, splitNames } from './dataset.js'
import { aircraftFolder, readAircraft } from './formats/aircraft.js'
import { carsFiles, readCars } from './formats/cars.js'
import { readClassFolders } from './formats/class_folders.js'
import { cubFolder, readCub } from './formats/cub.js'
import { findLists, openList } from './formats/find_lists.js'
import { onlyFolder } from './formats/folder_layout.js'
import { readLists } from './formats/list.js'
import { findShards, isShardName, readShards } from './formats/web_dataset.js'
import { holdOut, usualShare } from './held_out.js'
import type { WantedLabel } from './label_inputs.js'
import { readLabels } from './labels.js'
import { checkListed, counted, type Listed, type Listing, listed, placeOf } from './listing.js'
import { byCodePoint, entriesOf, holdsImages } from './walk.js'

export interface OpenOptions {
  /** Selects the images that are held out when there is no val split. */
  readonly seed: number
  /** The class names in order, if a model already has them; by default those of the data set. */
  readonly classes?: readonly string[]
  /** The order of classes if neither a model nor the data set determines it; `natural` by default. */
  readonly classOrder?: ClassOrder
  /** The label inputs whose columns are read, if a model has others than one class. */
  readonly labels?: readonly WantedLabel[]
  /** The share of train that is held out if there is no val split; 0.2 by default. */
  readonly holdOut?: number
}

/**
 * Opens a data set: a folder, or a list of images. The format is inferred from the contents: the files of CUB-200-2011, Stanford Cars or
 * FGVC-Aircraft, lists of images, or else class folders. Without a val split a seeded fifth of each class is held out from train. Nothing is decoded.
 *
 * @throws Failure `data-unreadable`, `data-empty`, `data-ambiguous`, `data-classes` (a class the training split or the model does not know,
 *   or no training split), `data-missing`, `data-duplicate`, `list-broken`, `csv-broken`, `boxes-broken`, `mat-unreadable`
 */
export async function openDataSet(
  place: string,
  { seed, classes: given, classOrder = 'natural', labels: wanted = [], holdOut: share = usualShare }: OpenOptions,
): Promise<DataSet> {
  const isFile = await stat(place).then(
    (found) => found.isFile(),
    () => false,
  )
  const classLabel = wanted.find(({ kind }) => kind === 'Class')
  const known = given ?? classLabel?.names
  const { root, listing: found } = isFile ? await readList(place, wanted) : await readFolder(place, known, wanted)
  const listing = withClassNames(found, known)
  checkListed(listing.images)
  const inside = isFile || root === place ? '' : `, in ${relative(place, root)}/`
  const notes = [`${place}: read as ${listing.readAs}${inside}`, ...listing.notes]
  const hasClasses = wanted.length === 0 || classLabel !== undefined
  const sorted: SortedClasses = hasClasses && !known ? classesOf(listing, classOrder) : { classes: known ?? [] }
  const { classes } = sorted
  if (sorted.orders) notes.push(orderNote('the classes', classOrder))
  if (hasClasses) checkClasses(root, listing.images, classes, known !== undefined, notes)
  const hasVal = listing.images.some(({ split }) => split === 'val')
  const holdsOut = !hasVal && share > 0
  const images = holdsOut ? holdOut(listing.images, seed, share, notes) : listing.images

  const labelled =
    wanted.length > 0
      ? readLabels(
          root,
          images,
          wanted.map((label) => (label === classLabel ? { ...label, names: classes } : label)),
          classOrder,
        )
      : undefined
  const columnOrders = labelled?.orders ?? new Map<string, BothOrders>()
  for (const label of columnOrders.keys()) notes.push(orderNote(`the names of ${label}`, classOrder))
  const [orders] = [...(sorted.orders ? [sorted.orders] : []), ...columnOrders.values()]
  const labels = new Map(classes.map((name, label) => [name, label]))
  const samples = (name: SplitName) =>
    images
      .flatMap(({ path, part, className, split, truth }, index) => {
        const label = hasClasses ? labels.get(className) : -1
        const targets = labelled?.targets[index]
        return split === name && label !== undefined
          ? [{ path, ...(part && { part }), label, ...(targets && { targets }), ...(truth && { truth }) }]
          : []
      })
      // Class by class, in the order of the data set: sorting is stable.
      .sort((a, b) => a.label - b.label)
  return {
    root,
    classes,
    ...(labelled && { labels: labelled.labels }),
    splits: { train: samples('train'), val: samples('val'), test: samples('test') },
    holdOut: holdsOut,
    ...(orders && { orders }),
    notes,
  }
}

async function readList(
  file: string,
  labels: readonly WantedLabel[],
): Promise<{ readonly root: string; readonly listing: Listing }> {
  if (isShardName(file)) return { root: dirname(file), listing: await readShards(dirname(file), [file]) }
  const { root, list } = await openList(file, namesOf(labels))
  return { root, listing: readLists(root, [list], labels) }
}

/** Reads a folder or, if it holds nothing but one folder with a data set, that one. */
async function readFolder(
  root: string,
  known: readonly string[] | undefined,
  labels: readonly WantedLabel[],
): Promise<{ readonly root: string; readonly listing: Listing }> {
  const annotated = await readAnnotated(root, labels)
  if ('images' in annotated) return { root, listing: annotated }
  const archives = await findArchives(root)
  if (archives) return { root: archives.root, listing: await readShards(archives.root, archives.shards) }
  const only = await onlyFolder(root)
  if (only) {
    const inside = await readAnnotated(only.path, labels)
    if ('images' in inside) return { root: only.path, listing: inside }
    // Images directly in it are those of one class.
    if (!only.direct) return readFolder(only.path, known, labels)
  }
  const listing = await readClassFolders(root, known)
  return { root, listing: { ...listing, notes: [...annotated.notes, ...listing.notes] } }
}

/** Returns the archives of a folder without images, or of the only folder in it that has some. */
async function findArchives(
  root: string,
): Promise<{ readonly root: string; readonly shards: readonly string[] } | undefined> {
  if (await holdsImages(root)) return undefined
  const found = []
  for (const folder of [root, ...(await entriesOf(root)).folders.map((name) => join(root, name))]) {
    const shards = await findShards(folder)
    if (shards.length > 0) found.push({ root: folder, shards })
    // Archives in folders of splits are those of the folder above.
    if (folder === root && shards.length > 0) break
  }
  return found.length === 1 ? found[0] : undefined
}

const namesOf = (labels: readonly WantedLabel[]) => labels.map(({ name }) => name)

/** Returns only the reasons why files were not read if no annotation file or list says what the images are. */
async function readAnnotated(root: string, labels: readonly WantedLabel[]): Promise<Listing | Pick<Listing, 'notes'>> {
  const cub = cubFolder(root)
  if (cub !== undefined) return readCub(cub)
  const cars = carsFiles(root)
  if (cars) return readCars(cars)
  const aircraft = aircraftFolder(root)
  if (aircraft !== undefined) return readAircraft(aircraft)
  const { lists, notes } = await findLists(root, namesOf(labels))
  if (lists.length === 0) return { notes }
  const listing = readLists(root, lists, labels)
  return { ...listing, notes: [...listing.notes, ...notes] }
}

/**
 * Returns the listing with one spelling for each class name: that of the model's class, or the composed form of Unicode (macOS and some archives
 * decompose letters with accents).
 *
 * @throws Failure `data-classes` for a class name of several lines, or with spaces around it
 */
function withClassNames(listing: Listing, known: readonly string[] | undefined): Listing {
  const spelling = new Map((known ?? []).flatMap((name) => [[name.normalize('NFC'), name] as const]))
  for (const name of known ?? []) spelling.set(name, name)
  const nameOf = (className: string) => {
    const composed = className.normalize('NFC')
    return spelling.get(className) ?? spelling.get(composed) ?? composed
  }
  const images = listing.images.map((image) => ({ ...image, className: nameOf(image.className) }))
  const isBad = (name: string) => name !== name.trim() || /[\p{Cc}\u2028\u2029]/u.test(name)
  const bad = images.find(({ className }) => !known?.includes(className) && isBad(className))
  if (bad)
    throw new Failure({
      code: 'data-classes',
      message: `${placeOf(bad)}: the class name ${JSON.stringify(bad.className)} ${bad.className === bad.className.trim() ? 'has a line break or another control character in it' : 'begins or ends with a space'}`,
      help: bad.origin ? 'correct the class name' : 'rename the folder',
      path: bad.path,
    })
  return { ...listing, images, ...(listing.classes && { classes: listing.classes.map(nameOf) }) }
}

type SortedClasses = ReturnType<typeof sortClasses>

/** @throws Failure `data-classes` for a list of classes that names one twice */
function classesOf({ classes: own, images }: Listing, order: ClassOrder): SortedClasses {
  if (own) {
    const twice = own.find((name, index) => own.indexOf(name) !== index)
    if (twice === undefined) return { classes: own }
    throw new Failure({
      code: 'data-classes',
      message: `two classes are called ${JSON.stringify(twice)}`,
      help: 'give each class its own name',
    })
  }
  const names = new Set(images.flatMap(({ split, className }) => (split === 'train' ? [className] : [])))
  return sortClasses(names, order)
}

function orderNote(what: string, order: ClassOrder): string {
  return order === 'natural'
    ? `${what} are numbered, and in the order of their numbers; --class-order plain sorts them as text`
    : `${what} are numbered, and sorted as text; --class-order natural sorts them by number`
}

function checkClasses(
  root: string,
  images: readonly Listed[],
  classes: readonly string[],
  known: boolean,
  notes: string[],
): void {
  const fail = (message: string, help: string) => new Failure({ code: 'data-classes', message, help, path: root })
  const found = new Map<SplitName, Map<string, Listed>>(splitNames.map((split) => [split, new Map()]))
  for (const image of images) {
    const inSplit = found.get(image.split)
    if (!inSplit?.has(image.className)) inSplit?.set(image.className, image)
  }
  const train = found.get('train')
  if (!known && train?.size === 0)
    throw fail(`${root} has no training images`, 'put class folders with images in train/')
  const names = new Set(known ? classes : train?.keys())
  for (const [split, inSplit] of found) {
    const strange = [...inSplit].filter(([name]) => !names.has(name)).sort(([a], [b]) => byCodePoint(a, b))
    const [first] = strange
    if (!first) continue
    const origin = first[1].origin ? ` (the first: ${placeOf(first[1])})` : ''
    const what = `${counted(strange.length, 'class', 'classes')} of ${split}`
    const which = `${listed(strange.map(([name]) => name))}${origin}`
    throw known
      ? fail(`the model does not know ${what}: ${which}`, `the model's classes are ${listed(classes)}`)
      : fail(`${what} not in train: ${which}`, 'give each class some images in train, or remove it')
  }
  for (const [split, inSplit] of found) {
    const missing = classes.filter((name) => inSplit.size > 0 && !inSplit.has(name))
    if (missing.length > 0) notes.push(`${split} has no images of ${listed(missing)}`)
  }
}
