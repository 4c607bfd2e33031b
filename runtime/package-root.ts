import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let known: string | undefined

/** The folder of wsban's own package.json: from the source tree, from dist, and from an installed package alike. */
export function packageRoot(): string {
  known ??= findRoot()
  return known
}

function findRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let folder = start; ; ) {
    if (isOurs(join(folder, 'package.json'))) return folder
    const above = dirname(folder)
    if (above === folder) throw new Error(`no package.json of wsban above ${start}`)
    folder = above
  }
}

function isOurs(file: string): boolean {
  if (!existsSync(file)) return false
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'name' in manifest && manifest.name === 'wsban'
}

/** wsban's own version. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
  if (typeof version !== 'string') throw new Error('wsban does not know its own version')
  return version
}
