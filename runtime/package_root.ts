import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from './failure.js'
import { moduleUrl } from './module_url.js'

let known: { readonly root: string | undefined } | undefined

/**
 * The folder of wsban's own package.json: from the source tree, from dist, and from an installed package alike.
 *
 * @throws Failure `package-files-missing` in a program that a bundler has put wsban into, and where a packer has left files out
 */
export function packageRoot(): string {
  const root = findPackageRoot()
  if (root !== undefined) return root
  throw new Failure({
    code: 'package-files-missing',
    message: `this needs files of the package wsban, and ${fileURLToPath(moduleUrl)} was bundled or packed without them`,
    help: 'keep the whole package wsban beside the program, and declare it as external in a bundler',
  })
}

/** Returns the same folder; undefined in a program that a bundler has put wsban into, and where a packer has left files out. */
export function findPackageRoot(): string | undefined {
  known ??= { root: rootAbove(dirname(fileURLToPath(moduleUrl))) }
  return known.root
}

/** Packers keep the files that are imported, package.json among them; a package with its models is whole. */
function rootAbove(start: string): string | undefined {
  for (let folder = start; ; ) {
    if (isOurs(join(folder, 'package.json')) && existsSync(join(folder, 'models'))) return folder
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
