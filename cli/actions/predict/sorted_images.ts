import { copyFile, open, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import { cannotWrite } from '../../../runtime/failure.js'
import { fittingName, hasCode, kindOf, makeFolder, temporaryBeside } from '../../../runtime/files.js'

/** Sorts images into one folder per class, as copies or links. Existing files are not replaced. */
export class SortedImages {
  constructor(
    private readonly folder: string,
    private readonly how: 'copy' | 'link',
  ) {}

  /**
   * Returns the path of the sorted image: its own name, with a number if another image has that name.
   *
   * @throws Failure `cannot-write`
   */
  async add(path: string, className: string): Promise<string> {
    const folder = join(this.folder, folderName(className))
    const ending = extname(path)
    const stem = basename(path, ending)
    try {
      await makeFolder(folder)
      for (let number = 1; ; number++) {
        const place = join(folder, fittingName(stem, `${number === 1 ? '' : `-${number}`}${ending}`))
        const placed = this.how === 'link' ? await placeLink(path, place) : await placeCopy(path, place)
        if (placed) return place
      }
    } catch (error) {
      throw cannotWrite(folder, error)
    }
  }
}

/** Returns false where another file has the name. */
async function placeLink(path: string, place: string): Promise<boolean> {
  const target = relative(dirname(resolve(place)), resolve(path))
  try {
    await symlink(target, place)
    return true
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    return (await kindOf(place)) === 'link' && (await readlink(place)) === target
  }
}

/** Returns false where another file has the name. */
async function placeCopy(path: string, place: string): Promise<boolean> {
  try {
    // Reserves the name; the copy is renamed into place when complete.
    await (await open(place, 'wx')).close()
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    return isSameFile(path, place)
  }
  const temporary = temporaryBeside(place)
  try {
    await copyFile(path, temporary)
    await rename(temporary, place)
    return true
  } catch (error) {
    await rm(temporary, { force: true })
    await rm(place, { force: true })
    throw error
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  if ((await kindOf(other)) !== 'file' || (await stat(one)).size !== (await stat(other)).size) return false
  return (await readFile(one)).equals(await readFile(other))
}

/** A class name comes from a data set or a file of someone else: as a folder it must not lead elsewhere. */
function folderName(className: string): string {
  const plain = [...className].map((character) => (isPlain(character) ? character : '_')).join('')
  return fittingName(plain.replace(/^\.+|[. ]+$/g, '_') || '_', '')
}

/** Whether file systems take the character in a name. */
function isPlain(character: string): boolean {
  return character >= ' ' && character !== '\u007f' && !'/\\:*?"<>|'.includes(character)
}
