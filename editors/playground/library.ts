import type { Library } from '../../compiler/analysis/modules.js'
import { publishedFile, publishedFolder } from '../../compiler/backbones/published.js'
import { publishedAs } from '../../runtime/weights/published.js'

/** Texts of models/ by path without the ending; the build puts them there. */
declare const wsbanModels: Readonly<Record<string, string>>

/** The name of the editor's text. */
export const source = 'playground.wsban'

/** The standard files, in the page's memory. */
export const library: Library = {
  standard: Object.keys(wsbanModels).filter((name) => name.includes('/')),
  find(specifier) {
    if (specifier.startsWith(publishedFolder)) {
      const published = publishedFile(specifier.slice(publishedFolder.length))
      if (!published || 'text' in published) return published && { source: specifier, text: published.text }
      return library.find(published.specifier, source)
    }
    const text = textOf(specifier)
    return text === undefined ? undefined : { source: `models/${specifier}.wsban`, text }
  },
  exporting(block) {
    return library.standard.find((name) => new RegExp(`^block ${block}\\b`, 'm').test(textOf(name) ?? ''))
  },
  normalizationOf: (weights) => publishedAs(weights)?.normalization,
}

/** Models to begin from. */
export const examples: readonly string[] = Object.keys(wsbanModels).filter((name) => !name.includes('/'))

export function textOf(name: string): string | undefined {
  return Object.hasOwn(wsbanModels, name) ? wsbanModels[name] : undefined
}
