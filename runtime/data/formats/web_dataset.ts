import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, extname, join, relative } from 'node:path'
import { Failure } from '../../failure.js'
import type { SplitName } from '../dataset.js'
import { counted, type Listed, type Listing } from '../listing.js'
import { splitOfName, splitsOfNames } from '../split_names.js'
import { readTar, type TarMember } from '../tar.js'
import { linesOf, readText } from '../text.js'
import { byCodePoint, isImageName } from '../walk.js'
import { boxOf, columnOf, type Row } from './columns.js'
import { rowOfRecord } from './json_list.js'

/** Files that name the classes, one a line, for samples whose class is a number. */
const classFiles = [
  'classes.txt',
  'class_names.txt',
  'classnames.txt',
  'class_list.txt',
  'categories.txt',
  'labels.txt',
]

/** Parts of a sample that hold its class, the most specific first. */
const labelParts = ['cls', 'cls.txt', 'label', 'label.txt', 'class', 'class.txt', 'txt']

/** The tar archives directly in a folder and in folders of splits in it. */
export async function findShards(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const splits = splitsOfNames(folders)
  const inside = folders.filter((name) => splits.has(name)).map((name) => join(root, name))
  const shards: string[] = []
  for (const folder of [root, ...inside])
    for (const name of (await readdir(folder).catch(() => [])).sort(byCodePoint))
      if (isShardName(name) && !name.startsWith('.')) shards.push(join(folder, name))
  return shards
}

export function isShardName(name: string): boolean {
  return /\.tar(?:\.gz)?$|\.tgz$/i.test(name)
}

/** The members of an archive with the same name up to its first dot. */
interface Shard {
  readonly file: string
  readonly split: SplitName
  readonly samples: ReadonlyMap<string, ReadonlyMap<string, TarMember>>
}

/**
 * Reads WebDataset's tar archives: members with the same name up to its first dot are one sample, such as `0001.jpg` and `0001.cls`. The class is in `.cls`, `.txt` or
 * a field of `.json`; without any of these it is the folder of the image within the archive. The archives are not unpacked: each image is a part of its archive.
 *
 * @throws Failure `tar-broken`, `list-broken`, `data-empty`
 */
export async function readShards(root: string, files: readonly string[]): Promise<Listing> {
  const stems = splitsOfNames([...new Set(files.map((file) => basename(file, extname(file))))])
  const shards: Shard[] = []
  for (const file of files) {
    const split =
      stems.get(basename(file, extname(file))) ??
      (dirname(file) === root ? undefined : splitOfName(basename(dirname(file))))
    shards.push({ file, split: split ?? 'train', samples: samplesOf(await readTar(file)) })
  }
  const labelled = shards.some(({ samples }) => [...samples.values()].some((parts) => labelPart(parts) !== undefined))
  const names = await classNames(root)
  const images: Listed[] = []
  const left = { unlabelled: 0, noImage: 0 }
  for (const { file, split, samples } of shards)
    for (const [key, parts] of samples) {
      const image = [...parts].find(([extension]) => isImageName(`.${extension}`) || isImageName(`x.${extension}`))
      if (!image) {
        left.noImage++
        continue
      }
      const path = join(file, `${key}.${image[0]}`)
      const row = labelled
        ? rowOfSample(parts, file)
        : { line: 1, values: new Map([['label', basename(dirname(key))]]) }
      const label = row && columnOf(row, 'label')?.trim()
      if (!row || !label || (!labelled && dirname(key) === '.')) {
        left.unlabelled++
        continue
      }
      const { offset, length } = image[1]
      const box = boxOf(row, path)
      images.push({
        path,
        part: { file, offset, length },
        className: names?.[Number(label)] ?? label,
        split,
        ...(box && { truth: { unit: Object.values(box).some((side) => side > 1) ? 'pixels' : 'fractions', box } }),
      })
    }
  if (images.length === 0)
    throw new Failure({
      code: 'data-empty',
      message: `${files.length === 1 ? files[0] : `the ${files.length} archives of ${root}`} hold no images with a class`,
      help: 'WebDataset keeps the class of NAME.jpg in NAME.cls, NAME.txt or a field of NAME.json',
      path: root,
    })
  const notes = [
    ...(left.noImage > 0 ? [`left out ${counted(left.noImage, 'sample')} without an image`] : []),
    ...(left.unlabelled > 0 ? [`left out ${counted(left.unlabelled, 'image')} without a class`] : []),
  ]
  const [first] = files
  const which = files.length === 1 && first !== undefined ? relative(root, first) : `${files.length} archives`
  // Classes that are only numbers keep the order of the file that names them.
  const trained = new Set(images.flatMap(({ split, className }) => (split === 'train' ? [className] : [])))
  const classes = names?.filter((name) => trained.has(name))
  return { readAs: `WebDataset (${which})`, images, notes, ...(classes?.length === trained.size && { classes }) }
}

function samplesOf(members: readonly TarMember[]): ReadonlyMap<string, ReadonlyMap<string, TarMember>> {
  const samples = new Map<string, Map<string, TarMember>>()
  for (const member of members) {
    const name = member.name.replace(/^(?:\.?\/)+/, '')
    const file = basename(name)
    const dot = file.indexOf('.')
    // Hidden files are those that macOS adds.
    if (dot <= 0) continue
    const key = name.slice(0, name.length - file.length + dot)
    const parts = samples.get(key) ?? new Map<string, TarMember>()
    parts.set(file.slice(dot + 1), member)
    samples.set(key, parts)
  }
  return samples
}

function labelPart(parts: ReadonlyMap<string, TarMember>): TarMember | undefined {
  const name = [...labelParts, 'json'].find((part) => parts.has(part))
  return name === undefined ? undefined : parts.get(name)
}

/** The class of a sample and, from JSON, its box, as a row of a list; undefined without a class. */
function rowOfSample(parts: ReadonlyMap<string, TarMember>, file: string): Row | undefined {
  const json = parts.get('json')
  const record = json?.content && rowOfRecord(new TextDecoder().decode(json.content), `${file}/${json.name}`)
  for (const name of labelParts) {
    const content = parts.get(name)?.content
    if (!content) continue
    const text = new TextDecoder().decode(content).trim()
    if (text === '') continue
    // A caption is no class.
    if (name === 'txt' && record && columnOf(record, 'label') !== undefined) break
    return { line: 1, values: new Map([...(record?.values ?? []), ['classname', text]]) }
  }
  return record
}

async function classNames(root: string): Promise<readonly string[] | undefined> {
  const file = classFiles.map((name) => join(root, name)).find((path) => existsSync(path))
  return file === undefined ? undefined : linesOf(await readText(file)).map(({ text }) => text)
}
