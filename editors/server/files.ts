import { readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import type { Library } from '../../compiler/analysis/modules.js'
import { diskLibrary } from '../../runtime/specs/library.js'

/** The limit on the entries that are searched, since a workspace may contain a data set. */
const mostEntries = 20_000
const skipped = new Set(['node_modules', 'dist', '.git'])

export type OpenDocument = Pick<TextDocument, 'uri' | 'version' | 'getText'>

/** The files as the editor sees them: open documents with their unsaved text, others as on disk. */
export class EditorFiles {
  private readonly open = new Map<string, () => OpenDocument>()
  private readonly onDisk = new Map<string, { stamp: string; text: string }>()
  private exporting: Map<string, string | undefined> | undefined

  /** Adds an opened document; `document` returns its current state. */
  opened(uri: string, document: () => OpenDocument): void {
    this.open.set(sourceOf(uri), document)
  }

  closed(uri: string): void {
    this.open.delete(sourceOf(uri))
  }

  /** The URI by which the editor opened a file, if it did. */
  uriOf(source: string): string {
    return this.open.get(source)?.().uri ?? (isAddress(source) ? source : pathToFileURL(source).href)
  }

  /** The version of an open document; null for a file that is not open, as in the protocol. */
  versionOf(source: string): number | null {
    return this.open.get(source)?.().version ?? null
  }

  isOpen(source: string): boolean {
    return this.open.has(source)
  }

  read(path: string): string | undefined {
    const open = this.open.get(path)
    if (open) return open().getText()
    const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {}
    if (mtimeMs === undefined) return undefined
    const stamp = `${size} ${mtimeMs}`
    const known = this.onDisk.get(path)
    if (known?.stamp === stamp) return known.text
    const text = readFileSync(path, 'utf8')
    this.onDisk.set(path, { stamp, text })
    return text
  }

  library(): Library {
    const disk = diskLibrary({ read: (path) => this.readable(path), name: (path) => path })
    const standard = disk.standard
    this.exporting = new Map()
    return {
      standard,
      find: disk.find,
      exporting: (block) => {
        const known = this.exporting
        if (known && !known.has(block)) known.set(block, disk.exporting?.(block))
        return known?.get(block)
      },
    }
  }

  /** Unreadable files count as missing, which the import reports. */
  private readable(path: string): string | undefined {
    try {
      return this.read(path)
    } catch {
      return undefined
    }
  }
}

/** The `.wsban` files below some folders. */
export async function specsBelow(folders: readonly string[]): Promise<string[]> {
  const found: string[] = []
  const open = [...folders]
  let seen = 0
  for (let folder = open.pop(); folder !== undefined && seen < mostEntries; folder = open.pop()) {
    // A folder may be missing or unreadable; there is nothing to rename in it then.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    seen += entries.length
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && !skipped.has(entry.name)) open.push(path)
      else if (entry.isFile() && entry.name.endsWith('.wsban')) found.push(path)
    }
  }
  return found.sort()
}

/** The analysis's name of a document: the path of a file, or the URI of a document that is no file. */
export function sourceOf(uri: string): string {
  return pathOf(uri) ?? uri
}

/** The path that an address means; undefined for one of no file, and for one that is broken or of another machine. */
export function pathOf(uri: string): string | undefined {
  if (!/^file:/i.test(uri)) return undefined
  try {
    return fileURLToPath(uri)
  } catch {
    return undefined
  }
}

function isAddress(source: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(source) && !/^[a-z]:[\\/]/i.test(source)
}
