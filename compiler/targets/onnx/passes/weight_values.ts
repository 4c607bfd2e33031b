import type { OnnxWeight } from '../program.js'

/** Returns the values of a weight that has not been converted to a smaller type yet. */
export async function floatsOf(weight: OnnxWeight): Promise<Float32Array> {
  const values = await weight.read()
  if (values instanceof Float32Array) return values
  throw new Error(`${weight.name} is not in single precision`)
}

/** Returns each row multiplied by its factor. Plain loops: with tens of millions of values, a callback for each takes several times as long. */
export function scaledRows(values: Float32Array, factors: Float64Array): Float32Array {
  const width = values.length / factors.length
  const scaled = new Float32Array(values.length)
  for (let row = 0; row < factors.length; row++) {
    const factor = factors[row] as number
    for (let i = row * width; i < (row + 1) * width; i++) scaled[i] = (values[i] as number) * factor
  }
  return scaled
}
