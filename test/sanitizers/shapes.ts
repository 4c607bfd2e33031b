import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../compiler/random.js'
import { reasonOf } from '../../runtime/failure.js'
import { native } from '../../runtime/kernels/native/execute.js'
import { type Input, type ShapeCase, shapeCases, table } from './shape_cases.js'

const arrays: Readonly<Record<string, unknown>> = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }

function makeTensor({ shape, type, values }: Input, random: Random): tf.Tensor {
  const count = shape.reduce((product, size) => product * size, 1)
  const at = (index: number) => values?.[index] ?? (type === 'float32' ? random.uniform(0.1, 0.9) : random.integer(2))
  const list = Array.from({ length: count }, (_, index) => at(index))
  const array = type === 'float32' ? Float32Array : type === 'int32' ? Int32Array : Uint8Array
  return tf.tensor(array.from(list), [...shape], type)
}

/** Executes a call and returns the types and shapes that it reports. Throws if they differ from those of the computed tensors. */
function reportedShapes(one: ShapeCase, random: Random): string {
  const inputs = one.inputs.map((input) => makeTensor(input, random))
  const outputs: tf.Tensor[] = []
  try {
    outputs.push(...native().executeMultipleOutputs(one.operation, one.attributes, inputs, one.outputs))
    const reported = outputs.map(({ dtype, shape }) => `${dtype} [${shape.join()}]`)
    for (const output of outputs) {
      // Reading throws if the tensor's shape differs from the reported one.
      const kind = output.dataSync().constructor
      if (kind !== arrays[output.dtype]) throw new Error(`a tensor of ${output.dtype} is read as ${kind.name}`)
    }
    return reported.join(' ')
  } finally {
    tf.dispose([...inputs, ...outputs])
  }
}

export interface ShapeReport {
  readonly findings: readonly string[]
  readonly cases: number
  /** The number of combinations that TensorFlow has no kernel for. */
  readonly rejected: number
}

/** Computes the whole grid twice, with different values. The second time every shape comes from the shape cache. */
export function shapeDifferences(random: Random): ShapeReport {
  const findings: string[] = []
  const first: (readonly [ShapeCase, string])[] = []
  let rejected = 0
  for (const one of shapeCases()) {
    try {
      first.push([one, reportedShapes(one, random)])
    } catch (error) {
      if (/shape cache mismatch|is read as/.test(reasonOf(error)))
        findings.push(`${described(one)}: ${reasonOf(error)}`)
      else rejected++
    }
  }
  for (const [one, before] of first) {
    try {
      const again = reportedShapes(one, random)
      if (again !== before) findings.push(`${described(one)}: ${before}, then ${again}`)
    } catch (error) {
      findings.push(`${described(one)}: ${reasonOf(error)}`)
    }
  }
  const covered = new Set(first.map(([{ operation }]) => operation))
  for (const name of table().keys())
    if (!covered.has(name)) findings.push(`${name} is in the table and was not computed`)
  return { findings, cases: first.length, rejected }
}

function described({ operation, attributes, inputs }: ShapeCase): string {
  const shapes = inputs.map(({ shape, values }) => `[${shape.join()}]${values ? `=${values.join()}` : ''}`)
  return `${operation}(${shapes.join(' ')}; ${attributes.map(({ name, value }) => `${name}=${value}`).join(' ')})`
}
