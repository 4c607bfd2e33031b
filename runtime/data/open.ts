import { stat } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { Failure } from '../failure.js'
import { type DataSet, type SplitName, splitNames } from './dataset.js'
import { aircraftFolder, readAircraft } from './formats/aircraft.js'
import { carsFiles, readCars } from './formats/cars.js'
import { readClassFolders } from './formats/class_folders.js'
import { cubFolder, readCub } from './formats/cub.js'
import { onlyFolder } from './formats/folder_layout.js'
import { findLists, openList, readLists } from './formats/list.js'
import { holdOut } from './held_out.js'
import { checkListed, counted, type Listed, type Listing, listed, placeOf } from './listing.js'
import { byCodePoint } from './walk.js'

export interface OpenOptions {
  /** Selects the images that are held out when there is no val split. */
  readonly seed: number
  /** The class names in order, when a model already has them; without, those of the data set. */
  readonly classes?: readonly string[]
}

/**
 * Opens a data set: a folder, or a list of images. What lies in the folder says which format it is: the own files of CUB-200-2011,
 * Stanford Cars or FGVC-Aircraft, lists of images, or else class folders. Without a val split a seeded fifth of each class is held out
 * from train. Nothing is decoded.
 *
 * @throws Failure `data-unreadable`, `data-empty`, `data-ambiguous`, `data-classes` (a class the training split or the model does not know,
 *   or no training split), `data-missing`, `data-duplicate`, `list-broken`, `csv-broken`, `boxes-broken`, `mat-unreadable`
 */
export async function openDataSet(place: string, { seed, classes: known }: OpenOptions): Promise<DataSet> {
  const isFile = await stat(place).then(
    (found) => found.isFile(),
    () => false,
  )
  const { root, listing } = isFile
    ? { root: dirname(place), listing: readLists([await openList(place)]) }
    : await readFolder(place, known)
  checkListed(listing.images)
  const inside = isFile || root === place ? '' : `, in ${relative(place, root)}/`
  const notes = [`${place}: read as ${listing.readAs}${inside}`, ...listing.notes]
  const classes = known ?? classesOf(listing)
  checkClasses(root, listing.images, classes, known !== undefined, notes)
  const hasVal = listing.images.some(({ split }) => split === 'val')
  const images = hasVal ? listing.images : holdOut(listing.images, seed, notes)

  const labels = new Map(classes.map((name, label) => [name, label]))
  const samples = (wanted: SplitName) =>
    images
      .flatMap(({ path, className, split, truth }) => {
        const label = labels.get(className)
        return split === wanted && label !== undefined ? [{ path, label, ...(truth && { truth }) }] : []
      })
      // Class by class, in the order of the data set: sorting is stable.
      .sort((a, b) => a.label - b.label)
  return {
    root,
    classes,
    splits: { train: samples('train'), val: samples('val'), test: samples('test') },
    holdOut: !hasVal,
    notes,
  }
}

/** Reads a folder or, if it holds nothing but one folder with a data set, that one. */
async function readFolder(
  root: string,
  known: readonly string[] | undefined,
): Promise<{ readonly root: string; readonly listing: Listing }> {
  const listing = await readAnnotated(root)
  if (listing) return { root, listing }
  const only = await onlyFolder(root)
  if (only) {
    const inside = await readAnnotated(only.path)
    if (inside) return { root: only.path, listing: inside }
    // Images directly in it are those of one class.
    if (!only.direct) return readFolder(only.path, known)
  }
  return { root, listing: await readClassFolders(root, known) }
}

/** Returns undefined if no annotation file or list says what the images are. */
async function readAnnotated(root: string): Promise<Listing | undefined> {
  const cub = cubFolder(root)
  if (cub !== undefined) return readCub(cub)
  const cars = carsFiles(root)
  if (cars) return readCars(cars)
  const aircraft = aircraftFolder(root)
  if (aircraft !== undefined) return readAircraft(aircraft)
  const lists = await findLists(root)
  return lists.length > 0 ? readLists(lists) : undefined
}

function classesOf({ classes, images }: Listing): readonly string[] {
  if (classes) {
    const twice = classes.find((name, index) => classes.indexOf(name) !== index)
    if (twice === undefined) return classes
    throw new Failure({
      code: 'data-classes',
      message: `two classes are called ${JSON.stringify(twice)}`,
      help: 'give each class its own name',
    })
  }
  return [...new Set(images.flatMap(({ split, className }) => (split === 'train' ? [className] : [])))].sort(
    byCodePoint,
  )
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
