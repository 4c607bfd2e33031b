import { libraryFor } from '../../runtime/compiler_api/spec.js'
import { standardTexts } from '../../runtime/specs/standard_texts.js'

/** The name of the editor's text. */
export const source = 'playground.wsban'

/** The standard files, held in memory. */
export const library = libraryFor('')

export interface Example {
  readonly name: string
  readonly text: string
  /** The comment at the top of the file. */
  readonly about: string
}

/** The example models: those small enough to train on the page come first. */
export const examples: readonly Example[] = Object.entries(standardTexts())
  .filter(([name]) => !name.includes('/'))
  .map(([name, text]) => ({ name, text, about: commentAt(text) }))
  .sort((a, b) => Number(isTiny(b)) - Number(isTiny(a)) || (a.name < b.name ? -1 : 1))

export function isTiny({ name }: Pick<Example, 'name'>): boolean {
  return name.endsWith('_tiny')
}

function commentAt(text: string): string {
  const [lines = ''] = /^(?:\/\/.*\n)+/.exec(text) ?? []
  return lines
    .replaceAll(/^\/\/ ?/gm, '')
    .replaceAll('\n', ' ')
    .trim()
}
