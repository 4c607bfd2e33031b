import { lineIndexAt, lineStarts } from '../../grammar/lines.js'
import { elementAt } from '../../grammar/present.js'

/** The offsets of a text's lines. A file may have as many diagnostics as lines, so a text is split only once. */
export class Lines {
  private readonly starts: readonly number[]

  constructor(private readonly text: string) {
    this.starts = lineStarts(text)
  }

  /** Line from 1, column from 0, of an offset. */
  position(offset: number): { line: number; column: number } {
    const index = lineIndexAt(this.starts, offset)
    return { line: index + 1, column: offset - elementAt(this.starts, index) }
  }

  /** A line by its number from 1, without its end. */
  line(number: number): string {
    const start = elementAt(this.starts, number - 1)
    const end = this.starts[number]
    return this.text.slice(start, end === undefined ? undefined : end - 1).replace(/\r$/, '')
  }
}

/** The last few texts: diagnostics come in order, and concern few files. */
const known = new Map<string, Lines>()
const mostKnown = 8

export function linesOf(text: string): Lines {
  const found = known.get(text)
  if (found) return found
  if (known.size >= mostKnown) known.clear()
  const made = new Lines(text)
  known.set(text, made)
  return made
}
