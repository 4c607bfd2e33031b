import type { Name, Span } from '../../grammar/tree.js'
import type { Value } from './values.js'

/** What a name was worth where it was made, and the nodes that were made for it: from `first` up to, but without, `end`. */
export interface NamedFact {
  readonly value: Value
  readonly first: number
  readonly end: number
}

/**
 * What is learned of one text while a model is written out, for whoever wants to show it. A block is written out once for each of its
 * calls: the last one counts.
 */
export class Facts {
  /** By end, then by start. */
  private readonly values = new Map<number, Map<number, Value>>()
  private readonly byName = new Map<number, NamedFact>()

  /** `source`: the text of which to take things down. */
  constructor(private readonly source: string) {}

  value({ source, start, end }: Span, value: Value): void {
    if (source !== this.source) return
    const ending = this.values.get(end)
    if (ending) ending.set(start, value)
    else this.values.set(end, new Map([[start, value]]))
  }

  named({ span }: Name, fact: NamedFact): void {
    if (span.source === this.source) this.byName.set(span.start, fact)
  }

  /** What stands in exactly this stretch of the text is worth. */
  valueAt(start: number, end: number): Value | undefined {
    return this.values.get(end)?.get(start)
  }

  /** What the expression that ends there is worth: the longest one. */
  valueEndingAt(end: number): Value | undefined {
    const ending = this.values.get(end)
    return ending?.get(Math.min(...ending.keys()))
  }

  /** What the binding, branch, input or parameter is worth whose name begins there. */
  nameAt(start: number): NamedFact | undefined {
    return this.byName.get(start)
  }
}
