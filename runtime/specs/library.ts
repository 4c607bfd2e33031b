import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { Library } from '../../compiler/analysis/modules.js'
import { findPackageRoot, packageRoot } from '../package_root.js'
import { extension, libraryOf } from './standard_library.js'
import { standardTexts } from './standard_texts.js'

/** How files are read, and what their paths are called in messages. */
export interface Files {
  /** Undefined for one that is not there. */
  read(path: string): string | undefined
  name(path: string): string
}

const onDisk: Files = {
  read: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
  name: shownPath,
}

/** Where wsban's own models are. @throws Failure `package-files-missing` in a bundled program, which has only their texts */
export function standardFolder(): string {
  return join(packageRoot(), 'models')
}

/** The path of a standard file: in wsban's folder, or as messages of a bundled program call it, which has only its text. */
export function standardPath(name: string): string {
  return join(findPackageRoot() ?? '', 'models', `${name}${extension}`)
}

/** Returns the text of a standard file by that path, in a bundled program. */
export function bundledText(path: string): string | undefined {
  if (findPackageRoot() !== undefined) return undefined
  return Object.entries(standardTexts()).find(([name]) => standardPath(name) === path)?.[1]
}

/** The names of all standard files: `wsban_tiny`, `backbones/tiny`. */
export function standardNames(): readonly string[] {
  if (findPackageRoot() === undefined) return Object.keys(standardTexts())
  return readdirSync(standardFolder(), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension))
    .map((path) => path.slice(0, -extension.length).replaceAll('\\', '/'))
    .sort()
}

/** A library of the files on disk, and of the texts in a bundled program where the standard files are concerned. */
export function diskLibrary(files: Files = onDisk): Library {
  const at = (path: string) => {
    const text = files.read(path)
    return text === undefined ? undefined : { source: files.name(path), text }
  }
  return libraryOf({
    standardNames,
    standardFile(name) {
      const path = standardPath(name)
      const text = bundledText(path)
      return text === undefined ? at(path) : { source: path, text }
    },
    ownFile: (path, importer) => at(resolve(dirname(importer), path)),
  })
}

/** As messages show a path: from where the person stands, if it lies below. */
export function shownPath(path: string): string {
  const absolute = resolve(path)
  const short = relative(process.cwd(), absolute)
  return short.startsWith('..') || isAbsolute(short) ? absolute : short
}
