/**
 * Returns a value that an invariant guarantees.
 * @param what names it in the internal error that is thrown when the invariant is broken.
 */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`${what} is missing`)
  return value
}

/** Returns the element at an index that is known to lie within the list. Loops over the values of a tensor are faster without it. */
export function elementAt<Value>(list: ArrayLike<Value>, index: number): Value {
  const value = list[index]
  if (value === undefined) throw new Error(`a list of ${list.length} has no element ${index}`)
  return value
}
