/** An index before a name (`001.`, `12_`, `3 - `), or WordNet's number of a class (`n02085620-`). */
const numbering = /^(?:\d+\s*[._-]+\s*|n\d{8}[._-]+)(?=.*\p{L})/u

/**
 * Returns the names of classes as people read them: `Black footed Albatross` for `001.Black_footed_Albatross`. A number before a name is removed only
 * if all classes have one, and classes that would share a name keep their own.
 */
export function displayNames(classes: readonly string[]): readonly string[] {
  const numbered = classes.every((name) => numbering.test(name))
  const readable = classes.map((own) => {
    const name = (numbered ? own.replace(numbering, '') : own).replace(/[_\s]+/g, ' ').trim()
    return name === '' ? own : name
  })
  const uses = new Map<string, number>()
  for (const name of readable) uses.set(name, (uses.get(name) ?? 0) + 1)
  return classes.map((own, index) => {
    const name = readable[index] ?? own
    return uses.get(name) === 1 ? name : own
  })
}
