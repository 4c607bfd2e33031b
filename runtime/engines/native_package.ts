import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import * as z from 'zod'
import { packageRoot } from '../package_root.js'
import { distrust } from '../trusted.js'
import { engineFolder, readReady, readyFile } from './cache.js'
import type { NativeName } from './engine.js'
import { changedFile } from './engine_files.js'

/** A native package on disk, loaded or not. */
export interface NativePackage {
  readonly name: NativeName
  /** The folder of its package.json. */
  readonly folder: string
  readonly version: string
  /** The path of the compiled addon. */
  readonly addon: string
  /** Whether `wsban setup` installed and tested it; otherwise it was installed separately. */
  readonly provisioned: boolean
}

const manifest = z.object({ version: z.string() })

/** An engine in the per-user cache: its package, or the reason why it is not loaded. */
export type Provisioned =
  | { readonly native: NativePackage; readonly reason?: never }
  | { readonly native?: never; readonly reason: string }

/**
 * Returns the package in the per-user cache, if it is complete. It is rejected if another user could have written it, or if a file has changed
 * since it was tested.
 */
export async function provisionedPackage(name: NativeName): Promise<Provisioned | undefined> {
  const root = engineFolder(name)
  if (!existsSync(join(root, readyFile))) return undefined
  const reason = distrust(root)
  if (reason !== undefined) return { reason: `nothing is loaded from ${root}: ${reason}` }
  const files = (await readReady(name))?.files ?? []
  const changed = changedFile(root, files)
  if (changed !== undefined) return { reason: `${join(root, changed)} is not what was set up` }
  const native = packageAt(name, packageFolderIn(root, name), true)
  return native && { native }
}

/** The folder of a native package below the folder that npm installs into. */
export function packageFolderIn(root: string, name: NativeName): string {
  return join(root, 'node_modules', '@tensorflow', name)
}

/**
 * Returns a separately installed package: beside wsban itself, or in the node_modules of the folder that WSBAN_NODE_MODULES names. The working
 * directory is never searched, as its contents may be untrusted code.
 */
export function installedPackage(name: NativeName): NativePackage | undefined {
  const configured = process.env.WSBAN_NODE_MODULES
  const above = dirname(packageRoot())
  const places = [
    ...(configured ? [join(resolve(configured), 'node_modules')] : []),
    join(packageRoot(), 'node_modules'),
    ...(basename(above) === 'node_modules' ? [above] : []),
  ]
  for (const place of places) {
    const found = packageAt(name, join(place, '@tensorflow', name), false)
    if (found) return found
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

/** Returns the addon with the newest Node-API version that this Node supports; the name of its folder states the version. */
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
