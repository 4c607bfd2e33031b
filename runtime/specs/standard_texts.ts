import { textsBelow } from '../texts_below.js'

let texts: Readonly<Record<string, string>> | undefined

/**
 * The models, backbones and blocks that come with wsban, by path below models/ without the ending: `wsban_tiny`, `backbones/tiny`. The build
 * replaces this file with the texts themselves (cli/bootstrap/embedded.mjs).
 */
export function standardTexts(): Readonly<Record<string, string>> {
  texts ??= textsBelow('models', '.wsban')
  return texts
}
