import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { z } from 'zod'

/**
 * The files of an engine that run. Code in JavaScript and the addon are small and hashed. TensorFlow's library has hundreds of megabytes,
 * whose hash would take as long as starting: of it the size and the time of the last change are kept, which tell a file that broke or was
 * put in its place by mistake. Against other users the owner and the mode of every folder protect, which `distrust` checks.
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

/** Above this a file is not hashed. */
const largestHashed = 16 * 1024 * 1024

/** @param paths absolute, below root; whatever lies elsewhere is not the engine's */
export function recordFiles(root: string, paths: readonly string[]): EngineFiles {
  const below = paths.filter((path) => path.startsWith(`${root}${sep}`))
  return [...new Set(below)].sort().map((path) => {
    const { size, mtimeMs } = statSync(path)
    const place = relative(root, path)
    return size > largestHashed ? { path: place, size, changed: mtimeMs } : { path: place, size, sha256: hashOf(path) }
  })
}

/** The first file that is no longer what was recorded; undefined where all are. */
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
