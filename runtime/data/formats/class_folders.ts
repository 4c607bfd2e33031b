import { join, relative, resolve, sep } from 'node:path'
import { present } from '../../../grammar/present.js'
import { Failure } from '../../failure.js'
import { boxesFile, pathKey, readBoxes } from '../boxes.js'
import { type SplitName, splitNames } from '../dataset.js'
import { counted, type Listed, type Listing, listed } from '../listing.js'
import { byCodePoint, type Entries, entriesOf, findImages, isImageName } from '../walk.js'
import { findLayout, type Layout } from './folder_layout.js'

interface Walk {
  readonly root: string
  readonly notes: string[]
  /** The number of files that are not images, by extension. */
  readonly others: Map<string, number>
}

/**
 * Reads one folder per class, directly below the root or below folders of splits (`findLayout`), and the boxes of `boxes.csv`.
 *
 * @param known the classes of a model, if it has some
 * @throws Failure `data-unreadable`, `data-empty`, `data-ambiguous` (folders that look like splits), `csv-broken`, `boxes-broken`
 */
export async function readClassFolders(root: string, known?: readonly string[]): Promise<Listing> {
  const walk: Walk = { root, notes: [], others: new Map() }
  const layout = await findLayout(root, known)
  const found: Listed[] = []
  if (layout.kind !== 'splits') await imagesByClass(layout.folder, splitOf(layout), walk, found)
  else {
    for (const split of splitNames) {
      const folder = layout.folders[split]
      if (folder === undefined) continue
      const before = found.length
      await imagesByClass(folder, () => split, walk, found)
      if (found.length === before) walk.notes.push(`${relative(root, folder)}: it holds no images in class folders`)
    }
    if (layout.unused.length > 0) walk.notes.unshift(`left out folders beside the splits: ${listed(layout.unused)}`)
  }
  if (found.length === 0) throw nothingFound(root, await entriesOf(root), walk.others)

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
  return { readAs: `class folders${splitsText(root, layout)}`, images, notes: walk.notes }
}

function splitsText(root: string, layout: Layout): string {
  if (layout.kind === 'classes') return ''
  if (layout.kind === 'splits below classes') return ' with splits in them'
  const folders = splitNames.flatMap((split) => layout.folders[split] ?? [])
  return ` in ${folders.map((folder) => `${relative(root, folder)}/`).join(', ')}`
}

/** The split of an image by its class and its path below the class folder. */
type SplitOf = (className: string, path: string) => SplitName

function splitOf(layout: Exclude<Layout, { kind: 'splits' }>): SplitOf {
  if (layout.kind === 'classes') return () => 'train'
  return (className, path) =>
    present(layout.splits.get(className)?.get(path.split(sep, 1)[0] ?? ''), 'the split of a class folder')
}

async function imagesByClass(
  folder: string,
  splitOf: SplitOf,
  { root, notes, others }: Walk,
  found: Listed[],
): Promise<void> {
  const empty: string[] = []
  const { folders, files } = await entriesOf(folder)
  for (const name of folders) {
    const inside = await findImages(join(folder, name))
    for (const [extension, count] of inside.others) others.set(extension, (others.get(extension) ?? 0) + count)
    for (const image of inside.images)
      found.push({ path: join(folder, name, image), className: name, split: splitOf(name, image) })
    if (inside.images.length === 0) empty.push(name)
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
    help: 'one folder a class with JPEG, PNG, WebP, AVIF, TIFF, GIF, HEIC or BMP files in it, or a list labels.csv with the columns path and label (docs/data.md); wsban data sample -o DIR makes one to try',
    path: root,
  })
}
