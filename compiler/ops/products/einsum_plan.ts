/** The plan of an einsum of one or two operands: permutations, sums, and one matrix product. Axes are those of one image. */
export interface EinsumPlan {
  readonly operands: readonly OperandPlan[]
  /** Of two operands: the letters of the product in its order, and whether anything is summed in it. */
  readonly product: { readonly letters: readonly string[]; readonly contracts: boolean } | undefined
  /** The permutation of the computed axes to the order of the result. */
  readonly order: readonly number[]
  /** The letters of the result. */
  readonly output: readonly string[]
}

interface OperandPlan {
  /** Axes that are summed before the product, in ascending order. */
  readonly summed: readonly number[]
  /** The order of the remaining axes. */
  readonly order: readonly number[]
  /** The letters in that order, in three parts for the matrix product: shared with the result, rows or columns, summed. */
  readonly parts: OperandParts
}

export interface OperandParts {
  readonly batch: readonly string[]
  readonly own: readonly string[]
  readonly contracted: readonly string[]
}

/**
 * The letters of each operand and of the result; undefined if it is not a supported equation, such as one that repeats a letter within an operand.
 */
export function parseEquation(
  equation: string,
): { readonly operands: readonly (readonly string[])[]; readonly output: readonly string[] } | undefined {
  const match = /^\s*([a-zA-Z]*)(?:\s*,\s*([a-zA-Z]*))?\s*->\s*([a-zA-Z]*)\s*$/.exec(equation)
  if (!match) return undefined
  const [, first = '', second, last = ''] = match
  const operands = [first, ...(second === undefined ? [] : [second])].map((letters) => [...letters])
  const output = [...last]
  const known = new Set(operands.flat())
  const isSet = (letters: readonly string[]) => new Set(letters).size === letters.length
  if (![...operands, output].every(isSet) || !output.every((letter) => known.has(letter))) return undefined
  return { operands, output }
}

export function planEinsum(operands: readonly (readonly string[])[], output: readonly string[]): EinsumPlan {
  const [first = [], second] = operands
  const kept = (letters: readonly string[], other: readonly string[]) =>
    letters.filter((letter) => other.includes(letter) || output.includes(letter))
  const batch = second ? first.filter((letter) => second.includes(letter) && output.includes(letter)) : []
  const contracted = second ? first.filter((letter) => second.includes(letter) && !output.includes(letter)) : []
  const plans = operands.map((letters, index): OperandPlan => {
    const left = kept(letters, operands[1 - index] ?? [])
    const own = left.filter((letter) => !batch.includes(letter) && !contracted.includes(letter))
    const parts = { batch, own, contracted }
    const ordered = index === 0 ? [...batch, ...own, ...contracted] : [...batch, ...contracted, ...own]
    return {
      summed: letters.flatMap((letter, axis) => (left.includes(letter) ? [] : [axis])),
      order: ordered.map((letter) => left.indexOf(letter)),
      parts,
    }
  })
  const [a, b] = plans
  const letters = [...batch, ...(a?.parts.own ?? []), ...(b?.parts.own ?? [])]
  const product = second ? { letters, contracts: contracted.length > 0 } : undefined
  return { operands: plans, product, order: output.map((letter) => letters.indexOf(letter)), output }
}
