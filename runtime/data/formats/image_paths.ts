import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { type Origin, pathBelow } from '../listing.js'
import { imageExtensions, isImageName } from '../walk.js'

/** How the paths of a list may map to files. */
interface Way {
  readonly folder: string
  /** The number of leading folders to drop, which exist only on the machine that wrote the list. */
  readonly without: number
  /** Appended to a name without an extension. */
  readonly extension: string
}

/** After this many failed searches, images are looked up only in ways that succeeded before. */
const MOST_SEARCHES = 50

/** Folders of a data set that are searched for the images of a list. */
const MOST_FOLDERS = 30

/**
 * Finds the images that a list names: below the list's folder, the data set's folder, or a folder in one of them, with backslashes, with paths of
 * another machine, and without extensions.
 */
export class ImagePaths {
  private readonly folders: readonly string[]
  /** The ways that succeeded, in the order in which they were found. */
  private readonly ways: Way[] = []
  private failed = 0

  /**
   * @param root the folder of the data set; no path may leave it
   * @param file the list
   */
  constructor(
    readonly root: string,
    private readonly file: string,
  ) {
    const own = dirname(file)
    const name = basename(file, extname(file))
    const near = [own, join(own, 'images'), join(own, name), root, join(root, 'images'), join(root, name)]
    this.folders = [...new Set([...near, ...foldersIn(root), ...foldersIn(own)])]
  }

  /** Describes how the paths were mapped, for a note; undefined if they are relative to the list's folder. */
  get note(): string | undefined {
    const [way] = this.ways
    return way && way.without > 0
      ? `${basename(this.file)}: paths are read without their first ${way.without === 1 ? 'folder' : `${way.without} folders`}`
      : undefined
  }

  /** Returns the path of an image, or undefined if there is none. */
  find(name: string): string | undefined {
    const written = this.exists(join(dirname(this.file), name))
    if (written !== undefined) return written
    if (isAbsolute(name)) {
      const absolute = this.exists(name)
      if (absolute !== undefined) return absolute
    }
    const parts = partsOf(name)
    for (const way of this.ways) {
      const found = this.follow(way, parts)
      if (found !== undefined) return found
    }
    if (this.failed >= MOST_SEARCHES) return undefined
    for (const way of this.allWays(parts)) {
      const found = this.follow(way, parts)
      if (found === undefined) continue
      this.ways.push(way)
      return found
    }
    this.failed++
    return undefined
  }

  /**
   * Returns the path of an image or, if there is none, the path where it would be. @throws Failure `list-broken` for a path outside of the data set
   */
  resolve(name: string, origin: Origin): string {
    return (
      this.find(name) ??
      pathBelow(this.root, isAbsolute(name) ? name : relativeName(this.root, this.file, name), origin)
    )
  }

  private *allWays(parts: readonly string[]): Generator<Way> {
    const last = parts.at(-1) ?? ''
    const extensions = isImageName(last) ? [''] : ['', ...imageExtensions]
    for (const extension of extensions)
      for (let without = 0; without < parts.length; without++)
        for (const folder of this.folders) yield { folder, without, extension }
  }

  private follow({ folder, without, extension }: Way, parts: readonly string[]): string | undefined {
    if (without >= parts.length) return undefined
    return this.exists(`${join(folder, ...parts.slice(without))}${extension}`)
  }

  /** Returns the path as it is on disk, in one of Unicode's normal forms, if it is below the root. */
  private exists(path: string): string | undefined {
    if (path.includes('\0')) return undefined
    const way = relative(resolve(this.root), resolve(path))
    if (way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined
    if (existsSync(path)) return path
    return [path.normalize('NFC'), path.normalize('NFD')].find((form) => form !== path && existsSync(form))
  }
}

/** Splits a path, also of another operating system (`C:\photos\a.jpg`), into folders and name. */
function partsOf(name: string): readonly string[] {
  return name
    .split(/[\\/]+/)
    .filter((part) => part !== '' && part !== '.' && part !== '..' && !/^[A-Za-z]:$/.test(part))
}

function relativeName(root: string, file: string, name: string): string {
  return join(relative(root, dirname(file)), name)
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => join(folder, name))
      .sort()
      .slice(0, MOST_FOLDERS)
  } catch {
    // An unreadable folder is skipped here; reading the data set itself reports it.
    return []
  }
}
