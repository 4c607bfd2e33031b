import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { cannotWrite, Failure } from './failure.js'
import { kindOf, listed, makeFolder, writeAtomically } from './files.js'

/** A line of JSON for each file that wsban wrote into the folder: without it our files could not be distinguished from the user's. */
export const listName = '.wsban-written.jsonl'

const line = z.object({ path: z.string(), sha256: z.string() })

/**
 * Writes files whose names a person did not choose (generated code, a page, heat maps) into a folder that may hold other things. A file is
 * replaced only while it is as wsban wrote it.
 */
export class WrittenFiles {
  private constructor(
    private readonly folder: string,
    /** By path below the folder: the SHA-256 of what was written last. */
    private readonly written: Map<string, string>,
  ) {}

  static async open(folder: string): Promise<WrittenFiles> {
    const file = join(folder, listName)
    const text = (await kindOf(file)) === 'file' ? await readFile(file, 'utf8') : ''
    return new WrittenFiles(folder, new Map(text.split('\n').flatMap(decoded)))
  }

  /**
   * To be asked before any of them is written. @param paths below the folder
   * @throws Failure `file-exists` where one of them would replace what wsban did not write, or was changed since
   */
  async check(paths: readonly string[], content?: (path: string) => string | Uint8Array | undefined): Promise<void> {
    const others: string[] = []
    for (const path of paths) if (!(await this.mayWrite(path, content?.(path)))) others.push(path)
    if (others.length === 0) return
    throw new Failure({
      code: 'file-exists',
      message: `${this.folder} holds ${listed(others)}, which wsban did not write, or which changed since`,
      help: 'choose another folder, or move what is there to another place; nothing was changed',
      path: join(this.folder, others[0] ?? ''),
      exit: 2,
    })
  }

  /** @throws Failure `file-exists`, `cannot-write` */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await this.check([path], () => content)
    await writeAtomically(join(this.folder, path), content)
    await this.note(path, createHash('sha256').update(content).digest('hex'))
  }

  /** All of them, or none where one may not be written. @throws Failure `file-exists`, `cannot-write` */
  async writeAll(files: readonly { readonly path: string; readonly text: string }[]): Promise<void> {
    const texts = new Map(files.map(({ path, text }) => [path, text]))
    await this.check([...texts.keys()], (path) => texts.get(path))
    for (const { path, text } of files) await this.write(path, text)
  }

  /** For a file that is written in another way, after `check`: by `work`, to the path that it is given. */
  async writeBy<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
    await this.check([path])
    const place = join(this.folder, path)
    const result = await work(place)
    await this.note(path, await hashOf(place))
    return result
  }

  /** Whether the file is there as wsban wrote it. */
  async owns(path: string): Promise<boolean> {
    const place = join(this.folder, path)
    return (await kindOf(place)) === 'file' && (await hashOf(place)) === this.written.get(key(path))
  }

  private async mayWrite(path: string, content: string | Uint8Array | undefined): Promise<boolean> {
    const place = join(this.folder, path)
    for (let folder = dirname(place); relative(this.folder, folder) !== ''; folder = dirname(folder)) {
      const kind = await kindOf(folder)
      if (kind !== undefined && kind !== 'folder') return false
    }
    const kind = await kindOf(place)
    if (kind === undefined) return true
    if (kind !== 'file') return false
    const found = await hashOf(place)
    if (content !== undefined && found === createHash('sha256').update(content).digest('hex')) return true
    return found === this.written.get(key(path))
  }

  private async note(path: string, sha256: string): Promise<void> {
    if (this.written.get(key(path)) === sha256) return
    this.written.set(key(path), sha256)
    const file = join(this.folder, listName)
    try {
      await makeFolder(this.folder)
      const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0 } = constants
      const list = await open(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW)
      try {
        await list.writeFile(`${JSON.stringify({ path: key(path), sha256 })}\n`)
      } finally {
        await list.close()
      }
    } catch (error) {
      throw cannotWrite(file, error)
    }
  }
}

function key(path: string): string {
  return path.split(sep).join('/')
}

function decoded(text: string): [path: string, sha256: string][] {
  try {
    const { path, sha256 } = line.parse(JSON.parse(text))
    return [[path, sha256]]
  } catch {
    // A crash may have cut the last line; the end of the list is an empty one.
    return []
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
