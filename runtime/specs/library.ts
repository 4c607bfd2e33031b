import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { Library } from '../../compiler/analysis/modules.js'
import { publishedFile, publishedFolder } from '../../compiler/backbones/published.js'
import { packageRoot } from '../package-root.js'
import { publishedAs } from '../weights/published.js'

const extension = '.wsban'

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

/** Where wsban's own models are. */
export function standardFolder(): string {
  return join(packageRoot(), 'models')
}

/** Imports as a person writes them: standard files by name under wsban's models/, one's own by the path from the importing file. */
export function diskLibrary(files: Files = onDisk): Library {
  const models = standardFolder()
  let exporting: ReadonlyMap<string, string> | undefined
  return {
    get standard() {
      return standardNames(models)
    },
    find(specifier, importer) {
      if (specifier.startsWith(publishedFolder)) {
        const published = publishedFile(specifier.slice(publishedFolder.length))
        // The file of a published backbone stands on no disk, unless it is its family's.
        if (!published || 'text' in published) return published && { source: specifier, text: published.text }
        return this.find(published.specifier, importer)
      }
      const own = specifier.startsWith('./') || specifier.startsWith('../')
      // A standard name is a plain path below models/ and cannot leave it.
      if (!own && (isAbsolute(specifier) || specifier.split(/[\\/]/).includes('..'))) return undefined
      const base = own ? resolve(dirname(importer), specifier) : join(models, specifier)
      const path = base.endsWith(extension) ? base : `${base}${extension}`
      const text = files.read(path)
      return text === undefined ? undefined : { source: files.name(path), text }
    },
    exporting(block) {
      exporting ??= exportingFiles(models)
      return exporting.get(block)
    },
    normalizationOf: (weights) => publishedAs(weights)?.normalization,
  }
}

/** As messages show a path: from where the person stands, if it lies below. */
export function shownPath(path: string): string {
  const absolute = resolve(path)
  const short = relative(process.cwd(), absolute)
  return short.startsWith('..') || isAbsolute(short) ? absolute : short
}

/** The standard file that defines each block; the first, where several do. */
function exportingFiles(models: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const name of standardNames(models))
    for (const [, block = ''] of readFileSync(join(models, `${name}${extension}`), 'utf8').matchAll(/^block (\w+)/gm))
      if (!found.has(block)) found.set(block, name)
  return found
}

function standardNames(models: string): string[] {
  return readdirSync(models, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((folder) => readdirSync(join(models, folder.name)).map((file) => `${folder.name}/${file}`))
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .sort()
}
