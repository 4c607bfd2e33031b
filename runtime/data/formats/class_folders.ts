import { join, relative, resolve } from 'node:path'
import { Failure } from '../../failure.js'
import { boxesFile, pathKey, readBoxes } from '../boxes.js'
import { type SplitName, splitNames } from '../dataset.js'
import { counted, type Listed, type Listing, listed } from '../listing.js'
import { byCodePoint, type Entries, entriesOf, findImages, isImageName } from '../walk.js'

/** The names a split's folder may have. */
const folderNames: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train'],
  val: ['val', 'valid', 'validation'],
  test: ['test'],
}

interface Walk {
  readonly root: string
  readonly notes: string[]
  /** How many files were no images, by extension. */
  readonly others: Map<string, number>
}

/**
 * One folder a class, directly below the root or below `train`, `val` (`valid`, `validation`) and `test`; with `boxes.csv` the true boxes.
 *
 * @throws Failure `data-unreadable`, `data-empty`, `data-ambiguous` (two folders for one split), `csv-broken`, `boxes-broken`
 */
export async function readClassFolders(root: string): Promise<Listing> {
  const walk: Walk = { root, notes: [], others: new Map() }
  const top = await entriesOf(root)
  const layout = layoutOf(root, top)
  const found: Listed[] = []
  for (const split of splitNames) {
    const folder = layout[split]
    if (folder === undefined) continue
    const before = found.length
    await imagesByClass(folder, split, walk, found)
    if (found.length === before && folder !== root) walk.notes.push(`${relative(root, folder)}: it holds no images`)
  }
  const unused = top.folders.filter(
    (name) => !Object.values(layout).some((used) => [root, join(root, name)].includes(used)),
  )
  if (unused.length > 0) walk.notes.unshift(`left out folders beside the splits: ${listed(unused)}`)
  if (found.length === 0) throw nothingFound(root, top, walk.others)

  const boxes = await readBoxes(root)
  let used = 0
  const images =
    boxes.size === 0
      ? found
      : found.map((image) => {
          const known = boxes.get(pathKey(relative(resolve(root), resolve(image.path))))
          if (known) used++
          return known ? { ...image, truth: { unit: 'fractions', ...known } as const } : image
        })
  if (boxes.size > 0) walk.notes.push(noteOnBoxes(boxes.size, used, images.length))
  if (walk.others.size > 0) walk.notes.push(noteOnOthers(walk.others))
  const splits = Object.values(layout).filter((folder) => folder !== root)
  return {
    readAs: `class folders${splits.length > 0 ? ` in ${splits.map((folder) => `${relative(root, folder)}/`).join(', ')}` : ''}`,
    images,
    notes: walk.notes,
  }
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

async function imagesByClass(
  folder: string,
  split: SplitName,
  { root, notes, others }: Walk,
  found: Listed[],
): Promise<void> {
  const empty: string[] = []
  const { folders, files } = await entriesOf(folder)
  for (const className of folders) {
    const inside = await findImages(join(folder, className))
    for (const [extension, count] of inside.others) others.set(extension, (others.get(extension) ?? 0) + count)
    for (const image of inside.images) found.push({ path: join(folder, className, image), className, split })
    if (inside.images.length === 0) empty.push(className)
  }
  const where = relative(root, folder) || 'the data folder'
  if (empty.length > 0) notes.push(`${where}: left out, as no images are in ${listed(empty)}`)
  const images = files.filter(isImageName)
  if (images.length > 0) notes.push(`${where}: left out ${counted(images.length, 'image')} outside a class folder`)
}

function noteOnBoxes(all: number, used: number, images: number): string {
  const lost = all > used ? `; ${counted(all - used, 'line')} of it name no image here` : ''
  return `${boxesFile} gives the true box of ${used} of ${counted(images, 'image')}${lost}`
}

function noteOnOthers(others: ReadonlyMap<string, number>): string {
  const kinds = [...others]
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([ext, n]) => `${n} ${ext || 'without extension'}`)
  return `left out files that are no images: ${kinds.join(', ')}`
}

function nothingFound(root: string, top: Entries, others: ReadonlyMap<string, number>): Failure {
  const seen =
    top.folders.length + top.files.length === 0
      ? 'it is empty'
      : `it holds ${counted(top.folders.length, 'folder')}${top.folders.length ? ` (${listed(top.folders)})` : ''} and ${counted(top.files.length, 'file')}`
  const inside = others.size > 0 ? `; ${noteOnOthers(others)}` : ''
  return new Failure({
    code: 'data-empty',
    message: `no images in class folders of ${root}: ${seen}${inside}`,
    help: 'one folder a class with JPEG, PNG, WebP, AVIF, TIFF or GIF files in it, or a list labels.csv with the columns path and label (docs/data.md); wsban data sample -o DIR makes one to try',
    path: root,
  })
}
