import { readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Failure } from '../../../runtime/failure.js'
import { hasCode, listed } from '../../../runtime/files.js'
import { madeEnding } from '../../../runtime/runs/find.js'
import { listName } from '../../../runtime/written_files.js'

/** Returns the output folder: next to the images, with their name, or the name of a list without its extension. */
export function madeFolderFor(photos: string): string {
  const place = resolve(photos)
  const name = basename(place).replace(/\.(csv|tsv|txt|json|jsonl|tar)$/i, '')
  // `photos/` and `./photos` stay relative, as they were given.
  return join(
    photos === '.' || photos === '..' || place === '/' ? dirname(place) : dirname(photos),
    `${name}${madeEnding}`,
  )
}

/**
 * The folder has to be new, empty, or one that wsban wrote into.
 *
 * @throws Failure `folder-not-empty`
 */
export async function checkMadeFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  if (names.length === 0 || names.includes(listName)) return
  throw new Failure({
    code: 'folder-not-empty',
    message: `${folder} holds ${listed(names.sort())}, which wsban did not write`,
    help: 'name another folder with -o; nothing was changed',
    path: folder,
    exit: 2,
  })
}
