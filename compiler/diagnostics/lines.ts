/** Where each line of a text begins. A file may have as many diagnostics as lines, so that a text is split once and not for each of them. */
export class Lines {
  private readonly starts: readonly number[]

  constructor(private readonly text: string) {
    const starts = [0]
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
    this.starts = starts
  }

  /** Line from 1, column from 0, of an offset. */
  position(offset: number): { line: number; column: number } {
    let [low, high] = [0, this.starts.length]
    while (low + 1 < high) {
      const middle = (low + high) >> 1
      if ((this.starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - (this.starts[low] ?? 0) }
  }

  /** A line by its number from 1, without its end. */
  line(number: number): string {
    const start = this.starts[number - 1]
    if (start === undefined) return ''
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
