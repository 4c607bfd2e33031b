import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import * as z from 'zod'

/**
 * The files of an engine that the process executes. JavaScript files and the addon are small and hashed. TensorFlow's library has hundreds of
 * megabytes, and hashing it would take as long as starting; its size and modification time are recorded instead, which detect a damaged or
 * replaced file. The owner and mode of every folder protect against other users; `distrust` checks them.
 */
export const engineFiles = z.array(
  z.object({
    path: z.string(),
    sha256: z.string().exactOptional(),
    size: z.number(),
    changed: z.number().exactOptional(),
  }),
)
export type EngineFiles = z.infer<typeof engineFiles>

/** Larger files are not hashed. */
const maxHashedBytes = 16 * 1024 * 1024

/** Records the files below `root`; other paths do not belong to the engine. @param paths absolute paths */
export function recordFiles(root: string, paths: readonly string[]): EngineFiles {
  const below = paths.filter((path) => path.startsWith(`${root}${sep}`))
  return [...new Set(below)].sort().map((path) => {
    const { size, mtimeMs } = statSync(path)
    const place = relative(root, path)
    return size > maxHashedBytes ? { path: place, size, changed: mtimeMs } : { path: place, size, sha256: hashOf(path) }
  })
}

/** Returns the path of the first file that differs from its record; undefined if none does. */
export function changedFile(root: string, files: EngineFiles): string | undefined {
  return files.find(({ path, sha256, size, changed }) => {
    const file = join(root, path)
    const stats = statSync(file, { throwIfNoEntry: false })
    if (stats?.size !== size || (changed !== undefined && stats.mtimeMs !== changed)) return true
    return sha256 !== undefined && hashOf(file) !== sha256
  })?.path
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
