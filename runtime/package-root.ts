import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from './failure.js'
import { moduleUrl } from './module_url.js'

let known: { readonly root: string | undefined } | undefined

/**
 * The folder of wsban's own package.json: from the source tree, from dist, and from an installed package alike.
 *
 * @throws Failure `package-files-missing` in a program that a bundler has put wsban into
 */
export function packageRoot(): string {
  const root = findPackageRoot()
  if (root !== undefined) return root
  throw new Failure({
    code: 'package-files-missing',
    message: `this needs files of the package wsban, and ${fileURLToPath(moduleUrl)} was bundled without them`,
    help: 'declare wsban as an external package in the bundler, and install it beside the program',
  })
}

/** Returns the same folder; undefined in a program that a bundler has put wsban into. */
export function findPackageRoot(): string | undefined {
  known ??= { root: rootAbove(dirname(fileURLToPath(moduleUrl))) }
  return known.root
}

function rootAbove(start: string): string | undefined {
  for (let folder = start; ; ) {
    if (isOurs(join(folder, 'package.json'))) return folder
    const above = dirname(folder)
    if (above === folder) return undefined
    folder = above
  }
}

function isOurs(file: string): boolean {
  if (!existsSync(file)) return false
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'name' in manifest && manifest.name === 'wsban'
}
