import { writtenName } from '../../grammar/names.js'
import { nearest } from '../diagnostics/suggest.js'

const mostOfScope = 150

/** Names visible at one place: its own, and those of the scopes around it. */
export class Scope<Value> {
  private readonly own = new Map<string, Value>()

  constructor(private readonly parent?: Scope<Value>) {}

  /** False when this scope has the name already. */
  define(name: string, value: Value): boolean {
    if (this.own.has(name)) return false
    this.own.set(name, value)
    return true
  }

  find(name: string): Value | undefined {
    return this.own.get(name) ?? this.parent?.find(name)
  }

  /** All values of a name, the nearest first. */
  meanings(name: string): Value[] {
    const own = this.own.get(name)
    return [...(own === undefined ? [] : [own]), ...(this.parent?.meanings(name) ?? [])]
  }

  names(): string[] {
    return [...this.own.keys(), ...(this.parent?.names() ?? [])]
  }

  /** Returns the most recently defined name in the nearest scope whose value fits. */
  last(fits: (value: Value) => boolean): string | undefined {
    const found = [...this.own].findLast(([, value]) => fits(value))
    return found ? found[0] : this.parent?.last(fits)
  }

  members(): ReadonlyMap<string, Value> {
    return this.own
  }

  /** Returns the most similar name, as it is written. */
  nearest(name: string): string | undefined {
    const found = nearest(name, this.candidates())
    return found !== undefined && this.find(found) !== undefined ? writtenName(found) : found
  }

  /** Yields a limited number of names per scope, so that a large inner scope does not hide outer ones. */
  private *candidates(): Generator<string> {
    let left = mostOfScope
    for (const name of this.own.keys()) {
      if (left-- === 0) break
      yield name
    }
    if (this.parent) yield* this.parent.candidates()
    else yield* ['true', 'false']
  }
}
