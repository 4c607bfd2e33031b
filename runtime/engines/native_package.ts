import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { packageRoot } from '../package-root.js'
import { engineFolder, readyFile } from './cache.js'
import type { NativeName } from './engine.js'

/** A native package on this disk, not loaded yet. */
export interface NativePackage {
  readonly name: NativeName
  /** The folder of its package.json. */
  readonly folder: string
  readonly version: string
  /** The compiled addon. */
  readonly addon: string
  /** Whether `wsban setup` made it (and tried it), or somebody else installed it. */
  readonly provisioned: boolean
}

const manifest = z.object({ version: z.string() })

/** The package in the per-user cache, when it is complete. */
export function provisionedPackage(name: NativeName): NativePackage | undefined {
  const root = engineFolder(name)
  if (!existsSync(join(root, readyFile))) return undefined
  return packageAt(name, packageFolderIn(root, name), true)
}

/** Where npm lays a native package in a folder it installs into. */
export function packageFolderIn(root: string, name: NativeName): string {
  return join(root, 'node_modules', '@tensorflow', name)
}

/** The package as somebody installed it: seen from the working directory, or from wsban itself. */
export function installedPackage(name: NativeName): NativePackage | undefined {
  for (const place of [join(process.cwd(), 'anything.js'), join(packageRoot(), 'anything.js')]) {
    try {
      const file = createRequire(place).resolve(`@tensorflow/${name}/package.json`)
      const found = packageAt(name, dirname(file), false)
      if (found) return found
    } catch {
      // Not there: look further.
    }
  }
  return undefined
}

export function packageAt(name: NativeName, folder: string, provisioned: boolean): NativePackage | undefined {
  const addon = addonIn(folder)
  if (addon === undefined) return undefined
  try {
    const { version } = manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
    return { name, folder, version, addon, provisioned }
  } catch {
    return undefined
  }
}

/** The addon lies in a folder named for its N-API version: the newest one this Node can load. */
function addonIn(folder: string): string | undefined {
  const known = Number(process.versions.napi ?? '0')
  const library = join(folder, 'lib')
  if (!existsSync(library)) return undefined
  const versions = readdirSync(library)
    .map((name) => Number(/^napi-v(\d+)$/.exec(name)?.[1] ?? Number.NaN))
    .filter((version) => version <= known)
    .sort((a, b) => b - a)
  return versions
    .map((version) => join(library, `napi-v${version}`, 'tfjs_binding.node'))
    .find((file) => existsSync(file))
}
