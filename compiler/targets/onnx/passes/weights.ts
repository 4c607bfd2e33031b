import type { OnnxWeight } from '../program.js'

/** A weight's values before they are made smaller. */
export async function floatsOf(weight: OnnxWeight): Promise<Float32Array> {
  const values = await weight.read()
  if (values instanceof Float32Array) return values
  throw new Error(`${weight.name} is not in single precision`)
}
