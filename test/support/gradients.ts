import { elements, type Tensor, tensor } from '../../compiler/ops/support/tensor.js'
import { keyOf, Random } from '../../compiler/random.js'
import type { ReadyCase } from './cases.js'
import { ReferenceEvaluation } from './reference.js'

/** Names the random streams of a case, as a scope does. */
export const caseKey = ['case', 1] as const

/** The case as its operation states it. */
export function operationCase({ operation, name }: ReadyCase) {
  const found = operation.cases.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`no case ${name}`)
  return found
}

/** Weights of the output's elements, whose weighted sum the gradients belong to. */
export function weightsFor(output: Tensor, key: string): Tensor {
  const random = new Random(keyOf('weights', key))
  return tensor(
    output.shape,
    Array.from({ length: elements(output.shape) }, () => Math.fround(random.uniform(-1, 1))),
  )
}

/** Central differences of the reference, in double precision. */
export function differenceQuotients(one: ReadyCase, weights: Tensor, name: string): Tensor {
  const inputIndex = name.startsWith('input ') ? Number(name.slice(6)) : undefined
  const original = inputIndex === undefined ? one.parameters.get(name) : one.inputs[inputIndex]?.value
  if (!original) throw new Error(`nothing is called ${name}`)
  const step = 1e-5
  const sumAt = (index: number, change: number) => {
    const changed: Tensor = {
      shape: original.shape,
      data: original.data.map((value, i) => (i === index ? value + change : value)),
    }
    const inputs = one.inputs.map((input, i) => (i === inputIndex ? { ...input, value: changed } : input))
    const tensors = new Map<string, Tensor[]>()
    for (const { argument, value } of inputs) tensors.set(argument, [...(tensors.get(argument) ?? []), value])
    const parameters = inputIndex === undefined ? new Map([...one.parameters, [name, changed]]) : one.parameters
    const [output] = new ReferenceEvaluation({ ...one, tensors, parameters, key: caseKey }).run()
    return Array.from(output?.data ?? []).reduce((sum, value, i) => sum + value * (weights.data[i] ?? 0), 0)
  }
  return {
    shape: original.shape,
    data: original.data.map((_, index) => (sumAt(index, step) - sumAt(index, -step)) / (2 * step)),
  }
}
