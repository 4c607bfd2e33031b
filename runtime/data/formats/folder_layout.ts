import { join } from 'node:path'
import { elementAt } from '../../../grammar/present.js'
import { Failure } from '../../failure.js'
import type { SplitName } from '../dataset.js'
import { listed } from '../listing.js'
import { splitsOfNames } from '../split_names.js'
import { entriesOf, holdsImages, isImageName } from '../walk.js'

/** Where the class folders of a data set are. */
export type Layout =
  /** Directly in this folder. */
  | { readonly kind: 'classes'; readonly folder: string }
  /** In one folder per split. */
  | {
      readonly kind: 'splits'
      readonly folders: Partial<Record<SplitName, string>>
      /** Names of folders beside the splits. */
      readonly unused: readonly string[]
    }
  /** Directly in this folder, with the images of each class in one folder per split. */
  | {
      readonly kind: 'splits below classes'
      readonly folder: string
      readonly splits: ReadonlyMap<string, ReadonlyMap<string, SplitName>>
    }

/** A folder and where its images are. */
interface Child {
  readonly name: string
  readonly path: string
  /** Whether images lie directly in it. */
  readonly direct: boolean
  /** Names of the folders in it that hold images, at any depth. */
  readonly below: readonly string[]
}

/** Folders that hold the same class names are parts of one data set if they are this few. */
const MOST_PARTS = 20

/**
 * Finds the class folders below a folder.
 *
 * @param known the classes of a model: folders with their names are classes, whatever else they look like
 * @throws Failure `data-ambiguous` if the folders look like splits and cannot be read as such; `data-unreadable`
 */
export async function findLayout(root: string, known: readonly string[] = []): Promise<Layout> {
  const children = await childrenOf(root)
  const names = splitsOfNames(children.map(({ name }) => name))
  const splits = children.filter(({ name }) => names.has(name))
  if (splits.some(({ below }) => below.length > 0)) {
    const folders = await splitFolders(root, splits, names)
    const used = new Set(splits.map(({ name }) => name))
    return { kind: 'splits', folders, unused: children.flatMap(({ name }) => (used.has(name) ? [] : [name])) }
  }
  const filled = children.filter(({ direct, below }) => direct || below.length > 0)
  const areKnown = filled.every(({ name }) => known.includes(name.normalize('NFC')))
  if (!areKnown) checkClassNames(root, filled, names)
  const inside = splitsBelow(filled)
  if (inside) return { kind: 'splits below classes', folder: root, splits: inside }
  if (!areKnown) checkParts(root, filled)
  return { kind: 'classes', folder: root }
}

/**
 * Returns the only folder below a folder that holds images, as in an unpacked archive. Undefined if there are several, if its name
 * denotes a split, or if images lie in the folder itself.
 *
 * @throws Failure `data-unreadable`
 */
export async function onlyFolder(
  root: string,
): Promise<{ readonly path: string; readonly direct: boolean } | undefined> {
  const { files } = await entriesOf(root)
  if (files.some(isImageName)) return undefined
  const filled = (await childrenOf(root)).filter(({ direct, below }) => direct || below.length > 0)
  const [only, ...others] = filled
  return only && others.length === 0 && splitsOfNames([only.name]).size === 0 ? only : undefined
}

async function childrenOf(folder: string): Promise<readonly Child[]> {
  const children: Child[] = []
  for (const name of (await entriesOf(folder)).folders) {
    const path = join(folder, name)
    const { files, folders } = await entriesOf(path)
    const below: string[] = []
    for (const inner of folders) if (await holdsImages(join(path, inner))) below.push(inner)
    children.push({ name, path, direct: files.some(isImageName), below })
  }
  return children
}

/** The folder of each split that holds its class folders: `seg_train/seg_train` for `seg_train`. */
async function splitFolders(
  root: string,
  children: readonly Child[],
  names: ReadonlyMap<string, SplitName>,
): Promise<Partial<Record<SplitName, string>>> {
  const bySplit = new Map<SplitName, Child[]>()
  for (const child of children) {
    const split = names.get(child.name)
    if (split) bySplit.set(split, [...(bySplit.get(split) ?? []), child])
  }
  const folders: Partial<Record<SplitName, string>> = {}
  let classes: readonly string[] = []
  for (const [split, candidates] of [...bySplit].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))) {
    // A folder of images without classes, or an empty one, does not conflict with one that has classes.
    const filled = candidates.filter(({ below }) => below.length > 0)
    if (filled.length > 1)
      throw new Failure({
        code: 'data-ambiguous',
        message: `${root} has both ${filled.map(({ name }) => name).join(' and ')}, which mean the same split`,
        help: 'keep one of them',
        path: root,
      })
    const chosen = await descend(filled[0] ?? elementAt(candidates, 0), classes)
    if (classes.length === 0) classes = chosen.below
    folders[split] = chosen.path
  }
  return folders
}

const order: readonly SplitName[] = ['train', 'val', 'test']

/** Follows folders that hold one folder of folders each. A class of the first split is no such folder in the others. */
async function descend(child: Child, classes: readonly string[]): Promise<Child> {
  const [only, ...others] = child.below
  if (child.direct || only === undefined || others.length > 0 || classes.includes(only)) return child
  const inner = (await childrenOf(child.path)).find(({ name }) => name === only)
  return inner && !inner.direct && inner.below.length > 0 ? descend(inner, classes) : child
}

/** One folder called "train" among others may be a class of vehicles; more of them, or alone, are splits without classes. */
function checkClassNames(root: string, filled: readonly Child[], names: ReadonlyMap<string, SplitName>): void {
  const splits = filled.filter(({ name }) => names.has(name))
  const [first, ...others] = splits
  if (!first) return
  if (others.length === 0 && filled.length > 2 && /^trains?$/i.test(first.name)) return
  throw new Failure({
    code: 'data-ambiguous',
    message: `${root}: ${listed(splits.map(({ name }) => name))} ${splits.length === 1 ? 'looks like a split, but holds' : 'look like splits, but hold'} images without class folders`,
    help: `put the images of each class into a folder of their own (${join(first.name, 'CLASS')}), or name the classes in a list, labels.csv, with the columns path and label`,
    path: root,
  })
}

/** `rose/train`, `rose/test`, `tulip/train`, ...: the splits of each class by folder. Undefined for other folders. */
function splitsBelow(filled: readonly Child[]): ReadonlyMap<string, ReadonlyMap<string, SplitName>> | undefined {
  const splits = new Map(filled.map(({ name, below }) => [name, splitsOfNames(below)]))
  const all = filled.every(
    ({ name, direct, below }) => !direct && below.length > 0 && splits.get(name)?.size === below.length,
  )
  const found = new Set([...splits.values()].flatMap((ofClass) => [...ofClass.values()]))
  return all && found.size > 1 ? splits : undefined
}

/** Folders with the same folders in them are as likely parts of one data set (folds, cameras, splits of unknown names) as classes. */
function checkParts(root: string, filled: readonly Child[]): void {
  const [first, ...others] = filled
  if (!first || others.length === 0 || filled.length > MOST_PARTS || filled.some(({ direct }) => direct)) return
  const shared = first.below.filter((name) => others.every(({ below }) => below.includes(name)))
  if (shared.length < 2) return
  throw new Failure({
    code: 'data-ambiguous',
    message: `${root}: ${listed(filled.map(({ name }) => name))} all hold folders called ${listed(shared)}, so that either may be the classes`,
    help: 'if they are splits, rename them to train, val and test; if they are classes, list the images in labels.csv with the columns path and label',
    path: root,
  })
}
