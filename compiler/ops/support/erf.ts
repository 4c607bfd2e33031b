/**
 * The error function, in double precision: its series below 3, and above it the continued fraction of the complement (Abramowitz and Stegun,
 * 7.1.6 and 7.1.14).
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  const size = Math.abs(x)
  if (size > 6) return Math.sign(x)
  const value = size < 3 ? series(size) : 1 - complement(size)
  return x < 0 ? -value : value
}

function series(x: number): number {
  let [term, total] = [x, x]
  for (let n = 1; Math.abs(term) > 1e-17 * total; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    total += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total
}

function complement(x: number): number {
  let fraction = 0
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction))
}
