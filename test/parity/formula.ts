import * as z from 'zod'
import { fillUniform, keyOf } from '../../compiler/random.js'

/** A tensor as record.py summarises it. */
export const summary = z.object({
  shape: z.array(z.number()),
  sum: z.number(),
  absoluteSum: z.number(),
  largest: z.number(),
  samples: z.array(z.number()),
})
export type Summary = z.infer<typeof summary>

export interface Values {
  readonly dims: readonly number[]
  readonly data: ArrayLike<number>
}

/** Returns the largest difference of sum and samples, relative to the sum of sizes and to the largest value. */
export function distance({ sum, absoluteSum, largest, samples }: Summary, { data }: Values): number {
  let total = 0
  for (let i = 0; i < data.length; i++) total += data[i] ?? 0
  let worst = Math.abs(total - sum) / absoluteSum
  samples.forEach((value, i) => {
    const away = Math.abs(value - (data[Math.floor((data.length * i) / samples.length)] ?? Number.NaN))
    worst = Math.max(worst, Number.isNaN(away) ? Number.POSITIVE_INFINITY : away / largest)
  })
  return worst
}

/** Returns the values of a parameter by record.py's formula. */
export function valuesOf(name: string, shape: readonly number[]): Float32Array {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1))
  const role = name.slice(name.lastIndexOf('.') + 1)
  const key = keyOf('parity', name)
  if (role === 'running_var' || (role === 'weight' && shape.length === 1)) fillUniform(values, key, 0.8, 1.2)
  else if (role === 'bias' || role === 'running_mean') fillUniform(values, key, -0.1, 0.1)
  else {
    const bound = Math.sqrt(6 / shape.slice(1).reduce((product, length) => product * length, 1))
    fillUniform(values, key, -bound, bound)
  }
  return values
}

/** Returns images by record.py's formula, channels-last as the engine takes them; the stream is in channels-first order. */
export function image(batch: number, size: number): Float32Array {
  const first = new Float32Array(batch * 3 * size * size)
  fillUniform(first, keyOf('parity', `image ${batch} ${size}`), -1, 1)
  const last = new Float32Array(first.length)
  const area = size * size
  for (let i = 0; i < first.length; i++) {
    const [image, rest] = [Math.floor(i / (3 * area)), i % (3 * area)]
    last[image * 3 * area + (rest % area) * 3 + Math.floor(rest / area)] = first[i] ?? 0
  }
  return last
}
