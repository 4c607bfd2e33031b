import { libraryFor } from '../../runtime/compiler_api/spec.js'
import { standardTexts } from '../../runtime/specs/standard_texts.js'

/** The name of the editor's text. */
export const source = 'playground.wsban'

/** The standard files, in the page's memory. */
export const library = libraryFor('')

/** Models to begin from. */
export const examples: readonly string[] = Object.keys(standardTexts()).filter((name) => !name.includes('/'))

export function textOf(name: string): string | undefined {
  return Object.hasOwn(standardTexts(), name) ? standardTexts()[name] : undefined
}
