import { averagedName, type Initializer } from '../../compiler/graph/graph.js'
import { fillNormal, fillUniform, keyOf } from '../../compiler/random.js'
import type { ParameterSpec } from '../model.js'
import type { StoredTensor } from './weight_file.js'

/** Parameters with their initial values, besides loaded ones. */
export interface InitialValues {
  readonly names: readonly string[]
  readonly seed: number
}

/** Returns the initial values of a parameter. They depend only on the seed and the name, and are in the order of the parameter's shape. */
export function initialValues(
  { name, shape, initializer }: { name: string; shape: readonly number[]; initializer: Initializer },
  seed: number,
): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
  const key = keyOf(seed, 'initial weights', name)
  if (initializer.kind === 'constant') values.fill(initializer.value)
  else if (initializer.kind === 'uniform') fillUniform(values, key, -initializer.bound, initializer.bound)
  else fillNormal(values, key, 0, initializer.deviation)
  return values
}

/**
 * Returns the values of a parameter before training if some are loaded. A moving average starts from the values that it averages, unless it has
 * loaded ones.
 */
export function beginningOf(
  parameter: ParameterSpec,
  seed: number,
  given: ReadonlyMap<string, StoredTensor> | undefined,
): Float32Array {
  const { name, average } = parameter
  const averaged = average && { ...parameter, name: averagedName(name, average) }
  const own = given?.get(name) ?? (averaged && given?.get(averaged.name))
  return own?.values ?? initialValues(averaged ?? parameter, seed)
}
