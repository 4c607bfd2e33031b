import { backboneFunctions } from './backbones.js'
import type { CompileTimeFunction } from './function.js'
import { numberFunctions } from './numbers.js'
import { sizeFunctions } from './sizes.js'

/** Every compile-time function, by name. */
export const functions: ReadonlyMap<string, CompileTimeFunction> = new Map(
  [...sizeFunctions, ...numberFunctions, ...backboneFunctions].map((one) => [one.name, one]),
)
