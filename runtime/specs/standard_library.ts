import type { Library } from '../../compiler/analysis/modules.js'
import { publishedFile, publishedFolder } from '../../compiler/backbones/published.js'
import { publishedAs } from '../weights/published.js'

/** The ending of a spec's file. */
export const extension = '.wsban'

export interface SpecText {
  /** As messages call the file. */
  readonly source: string
  readonly text: string
}

/** Where the files of a library come from. */
export interface SpecTexts {
  /** The standard files by name below models/, without the ending: `wsban_tiny`, `backbones/tiny`. */
  standardNames(): readonly string[]
  /** Returns a standard file by its name; undefined if there is none. */
  standardFile(name: string): SpecText | undefined
  /** Returns a file by its path from the one that imports it, with the ending; undefined if there is none. */
  ownFile(path: string, importer: string): SpecText | undefined
}

/** Imports as a person writes them: standard files and published backbones by name, one's own by the path from the importing file. */
export function libraryOf(texts: SpecTexts): Library {
  let exporting: ReadonlyMap<string, string> | undefined
  return {
    get standard() {
      return importable(texts)
    },
    find(specifier, importer) {
      if (specifier.startsWith(publishedFolder)) {
        const published = publishedFile(specifier.slice(publishedFolder.length))
        // The file of a published backbone is written when it is asked for, unless it is its family's.
        if (!published || 'text' in published) return published && { source: specifier, text: published.text }
        return this.find(published.specifier, importer)
      }
      const name = specifier.endsWith(extension) ? specifier.slice(0, -extension.length) : specifier
      if (/^\.\.?\//.test(name)) return texts.ownFile(`${name}${extension}`, importer)
      // A standard name is a plain path below models/ and cannot leave it.
      const plain = !/^([\\/]|[A-Za-z]:)/.test(name) && !name.split(/[\\/]/).includes('..')
      return plain ? texts.standardFile(name) : undefined
    },
    exporting(block) {
      exporting ??= exportingFiles(texts)
      return exporting.get(block)
    },
    normalizationOf: (weights) => publishedAs(weights)?.normalization,
  }
}

/** The files that are there to be imported: backbones and blocks, which are in folders. */
function importable(texts: SpecTexts): string[] {
  return texts.standardNames().filter((name) => name.includes('/'))
}

/** The standard file that defines each block; the first, where several do. */
function exportingFiles(texts: SpecTexts): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const name of importable(texts))
    for (const [, block = ''] of (texts.standardFile(name)?.text ?? '').matchAll(/^block (\w+)/gm))
      if (!found.has(block)) found.set(block, name)
  return found
}
