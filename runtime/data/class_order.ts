import { byCodePoint } from './walk.js'

/** The order of class names: by number if they are numbered, or as text. */
export const classOrders = ['natural', 'plain'] as const
export type ClassOrder = (typeof classOrders)[number]

/** The names of numbered classes, sorted both ways. */
export type BothOrders = Readonly<Record<ClassOrder, readonly string[]>>

/**
 * Sorts class names by code point or, in natural order and if all of them are numbered (`2`, `10`; `c2`, `c10`; `2_rose`, `10_tulip`), by number.
 *
 * @returns the names in order, and both orders if they differ
 */
export function sortClasses(
  names: Iterable<string>,
  order: ClassOrder,
): { readonly classes: readonly string[]; readonly orders?: BothOrders } {
  const plain = [...names].sort(byCodePoint)
  const numbered = plain.map((name) => /^([^0-9]*)0*([0-9]+)/.exec(name))
  const [first] = numbered
  if (!first || numbered.some((found) => found?.[1] !== first[1])) return { classes: plain }
  const numbers = new Map(plain.map((name, index) => [name, numbered[index]?.[2] ?? '']))
  const digits = (name: string) => numbers.get(name) ?? ''
  const natural = plain.toSorted(
    (a, b) => digits(a).length - digits(b).length || byCodePoint(digits(a), digits(b)) || byCodePoint(a, b),
  )
  const differ = natural.some((name, index) => name !== plain[index])
  const orders = { natural, plain }
  return { classes: orders[order], ...(differ && { orders }) }
}
