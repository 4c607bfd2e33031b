import type { Name, Span } from '../../grammar/tree.js'
import type { Value } from './values.js'

/** The value of a name at its definition, and the nodes added for it: from `first` up to, but excluding, `end`. */
export interface NamedFact {
  readonly value: Value
  readonly first: number
  readonly end: number
}

/**
 * Facts about a source text that are collected while a model is elaborated, for editors. A block is elaborated once per call: the last call counts.
 */
export class AnalysisFacts {
  /** By end, then by start. */
  private readonly values = new Map<number, Map<number, Value>>()
  private readonly byName = new Map<number, NamedFact>()

  /** @param source the text about which facts are recorded */
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

  /** The value of the expression with exactly this span. */
  valueAt(start: number, end: number): Value | undefined {
    return this.values.get(end)?.get(start)
  }

  /** The value of the longest expression that ends there. */
  valueEndingAt(end: number): Value | undefined {
    const ending = this.values.get(end)
    return ending?.get(Math.min(...ending.keys()))
  }

  /** The value of the binding, branch, input or parameter whose name begins there. */
  nameAt(start: number): NamedFact | undefined {
    return this.byName.get(start)
  }
}
