import { textsBelow } from '../texts_below.js'

/**
 * The training program in Python, the same for all specs, by file without the ending. The build replaces this file with the texts themselves
 * (cli/bootstrap/embedded.mjs).
 */
export function programTexts(): Readonly<Record<string, string>> {
  return textsBelow('runtime/pytorch/python', '.py')
}
