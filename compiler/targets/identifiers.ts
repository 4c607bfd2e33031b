/** A target's rule for identifiers: a name of the spec, part by part, as one that is legal there. */
export type Identifier = (parts: readonly string[]) => string

/** Names given out within one scope; the second of a kind gets a number. */
export class Names {
  private readonly used = new Set<string>()

  constructor(
    private readonly identifier: Identifier,
    reserved: Iterable<string> = [],
    private readonly separator = '_',
  ) {
    for (const name of reserved) this.used.add(name)
  }

  give(parts: readonly string[]): string {
    const name = this.identifier(parts)
    let free = name
    for (let number = 2; this.used.has(free); number++) free = `${name}${this.separator}${number}`
    this.used.add(free)
    return free
  }
}
