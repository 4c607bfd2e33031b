import type { SplitName } from './dataset.js'

/** Names of a split, in lower case. */
const splitWords: ReadonlyMap<string, SplitName> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['trainval', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validate', 'val'],
  ['validation', 'val'],
  ['dev', 'val'],
  ['development', 'val'],
  ['eval', 'val'],
  ['evaluation', 'val'],
  ['test', 'test'],
  ['testing', 'test'],
])

/** Words that do not describe the contents of a folder or list: `train_images`, `seg_train`, `instances_val2017`, `_annotations.coco`. */
const generalWords: ReadonlySet<string> = new Set(
  'image images img imgs photo photos data dataset set sets split splits seg folder folders class classes list lists label labels labelled labeled annotation annotations anno annos instances metadata meta coco info file files filelist path paths crops cropped resized'.split(
    ' ',
  ),
)

/** The split that a name denotes, and the other words of the name. */
interface NamedSplit {
  readonly split: SplitName
  readonly rest: string
}

/** Returns the split of a name with one word for a split in it, in any case: `Train`, `test_images`, `trainset`, `val2017`. */
function namedSplit(name: string): NamedSplit | undefined {
  const words = wordsOf(name)
  const splits: SplitName[] = []
  const rest: string[] = []
  for (const word of words) {
    const split = splitWords.get(word) ?? joinedSplit(word)
    if (split) splits.push(split)
    else if (!isGeneral(word)) rest.push(word)
  }
  const [split] = splits
  return split && splits.length === 1 ? { split, rest: rest.join(' ') } : undefined
}

function wordsOf(name: string): readonly string[] {
  return name
    .normalize('NFKC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')
}

/** Whether a name has only words that do not describe the contents: `annotations`, `image_labels`. */
export function isGeneralName(name: string): boolean {
  const words = wordsOf(name)
  return words.length > 0 && words.every(isGeneral)
}

function isGeneral(word: string): boolean {
  return generalWords.has(word) || /^pic(?:s|tures?)?$/.test(word)
}

/** `trainset`, `imgstest` */
function joinedSplit(word: string): SplitName | undefined {
  for (const [known, split] of splitWords) {
    if (word.startsWith(known) && isGeneral(word.slice(known.length))) return split
    if (word.endsWith(known) && isGeneral(word.slice(0, -known.length))) return split
  }
  return undefined
}

/** Returns the split that a name denotes without regard to its siblings. */
export function splitOfName(name: string): SplitName | undefined {
  const named = namedSplit(name)
  return named?.rest === '' ? named.split : undefined
}

/**
 * Returns the splits that the names of sibling folders or lists denote. A name may have other words in it if a sibling of another
 * split has the same ones: `flowers_train` beside `flowers_test`, but not `train station` beside `airport`.
 */
export function splitsOfNames(names: readonly string[]): ReadonlyMap<string, SplitName> {
  const named = names.flatMap((name) => {
    const found = namedSplit(name)
    return found ? [{ name, ...found }] : []
  })
  return new Map(
    named
      .filter(({ split, rest }) => rest === '' || named.some((other) => other.rest === rest && other.split !== split))
      .map(({ name, split }) => [name, split]),
  )
}
