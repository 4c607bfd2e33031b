/** A count as people say it: `27.3 million`. */
export function counted(count: number): string {
  for (const [size, word] of [
    [1e9, ' billion'],
    [1e6, ' million'],
    [1e3, ' thousand'],
  ] as const)
    if (count >= size) return `${Number((count / size).toPrecision(3))}${word}`
  return String(count)
}
