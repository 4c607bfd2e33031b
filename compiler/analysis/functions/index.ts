import { backboneFunctions } from './backbones.js'
import { ema } from './ema.js'
import type { CompileTimeFunction } from './function.js'
import { numberFunctions } from './numbers.js'
import { sizeFunctions } from './sizes.js'
import { split } from './split.js'

/** Every compile-time function, by name. */
export const functions: ReadonlyMap<string, CompileTimeFunction> = new Map(
  [...sizeFunctions, ...numberFunctions, ...backboneFunctions, split, ema].map((one) => [one.name, one]),
)
