import * as tf from '@tensorflow/tfjs-core'
import { Failure } from '../failure.js'
import type { ParameterSpec } from '../model.js'
import { beginningOf } from './initial_values.js'
import { inverse, permutedShape, permuteValues } from './layout.js'
import type { StoredTensor } from './weight_file.js'

/** A model's parameters on the engine, in the engine's layout; they are read and written in PyTorch's shapes. */
export class WeightStore {
  readonly variables: ReadonlyMap<string, tf.Variable>

  private constructor(
    readonly parameters: readonly ParameterSpec[],
    values: (parameter: ParameterSpec) => Float32Array,
  ) {
    this.variables = new Map(
      parameters.map((parameter) => {
        const { name, shape, layout, trainable } = parameter
        const own = layout ? permuteValues(values(parameter), shape, layout) : values(parameter)
        const initial = tf.tensor(own, layout ? permutedShape(shape, layout) : [...shape])
        const variable = tf.variable(initial, trainable)
        initial.dispose()
        return [name, variable]
      }),
    )
  }

  /** Initialises parameters from the seed, except for given ones. */
  static initial(
    parameters: readonly ParameterSpec[],
    seed: number,
    given?: ReadonlyMap<string, StoredTensor>,
  ): WeightStore {
    return new WeightStore(parameters, (parameter) => beginningOf(parameter, seed, given))
  }

  /** @throws Failure `weights-do-not-fit` when a parameter is missing or has another shape */
  static from(
    parameters: readonly ParameterSpec[],
    tensors: ReadonlyMap<string, StoredTensor>,
    path: string,
  ): WeightStore {
    checkFit(parameters, tensors, path)
    return new WeightStore(parameters, ({ name }) => tensors.get(name)?.values ?? new Float32Array())
  }

  get trainable(): tf.Variable[] {
    return [...this.variables.values()].filter((variable) => variable.trainable)
  }

  /** Reads all values in PyTorch's shapes, as in a checkpoint. */
  async read(): Promise<Map<string, StoredTensor>> {
    const entries = this.parameters.map(async (parameter): Promise<[string, StoredTensor]> => {
      const variable = this.variables.get(parameter.name)
      if (!variable) throw new Error(`no variable for ${parameter.name}`)
      return [parameter.name, { shape: parameter.shape, values: await readCanonical(variable, parameter) }]
    })
    return new Map(await Promise.all(entries))
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose()
  }
}

/** Reads a tensor in a parameter's engine layout (the parameter, or its velocity) as values in PyTorch's layout. */
export async function readCanonical(tensor: tf.Tensor, { layout }: ParameterSpec): Promise<Float32Array> {
  if (!layout) return new Float32Array(await tensor.data())
  const canonical = tf.transpose(tensor, inverse(layout))
  try {
    return new Float32Array(await canonical.data())
  } finally {
    canonical.dispose()
  }
}

/** @throws Failure `weights-do-not-fit`, with the first parameters that are missing or have another shape */
export function checkFit(
  parameters: readonly Pick<ParameterSpec, 'name' | 'shape'>[],
  tensors: ReadonlyMap<string, StoredTensor>,
  path: string,
): void {
  const wrong = parameters.flatMap(({ name, shape }) => {
    const found = tensors.get(name)
    if (!found) return [`${name} is missing`]
    return found.shape.join() === shape.join()
      ? []
      : [`${name} is ${found.shape.join(' x ')} instead of ${shape.join(' x ')}`]
  })
  if (wrong.length === 0) return
  throw new Failure({
    code: 'weights-do-not-fit',
    message: `${path} does not fit the model: ${wrong.slice(0, 3).join('; ')}${wrong.length > 3 ? `; and ${wrong.length - 3} more` : ''}`,
    help: 'use the weights of the same spec with the same parameters (--set)',
    path,
  })
}
