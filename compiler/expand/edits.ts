import type { Span } from '../../grammar/tree.js'

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Changes of texts, by the file they are in. */
export class Edits {
  private readonly bySource = new Map<string, Edit[]>()

  insert(source: string, at: number, text: string): void {
    this.replace({ source, start: at, end: at }, text)
  }

  replace({ source, start, end }: Span, text: string): void {
    this.bySource.set(source, [...(this.bySource.get(source) ?? []), { start, end, text }])
  }

  /** A stretch of a text with the changes within it. */
  apply({ source, start, end }: Span, text: string): string {
    const inside = (this.bySource.get(source) ?? [])
      .filter((edit) => edit.start >= start && edit.end <= end)
      .sort((a, b) => a.start - b.start)
    let at = start
    const parts: string[] = []
    for (const edit of inside) {
      parts.push(text.slice(at, edit.start), edit.text)
      at = edit.end
    }
    return [...parts, text.slice(at, end)].join('')
  }
}
