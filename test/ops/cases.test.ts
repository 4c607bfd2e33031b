import test from 'ava'
import { operations } from '../../compiler/ops/index.js'
import { elements, type Tensor, tensor } from '../../compiler/ops/support/tensor.js'
import { opsets } from '../../compiler/targets/onnx/opsets.js'
import { type EngineName, openEngine } from '../../runtime/engines/index.js'
import { keyOf, Random } from '../../runtime/random.js'
import { silent } from '../../runtime/reporter.js'
import { type ReadyCase, ready } from '../support/cases.js'
import { differs } from '../support/compare.js'
import { runOnnx } from '../support/onnx_case.js'
import { ReferenceEvaluation } from '../support/reference.js'
import { caseKey, runTfjs } from '../support/tfjs_case.js'

/** Both sides compute in single precision, the reference in double. */
const valueTolerance = 1e-5
const gradientTolerance = 2e-4

const all = [...operations.values()].flatMap((operation) => operation.cases.map((one) => ready(operation, one)))
const title = ({ operation, name }: ReadyCase) => `${operation.name}, ${name}`

function reference(one: ReadyCase) {
  const evaluation = new ReferenceEvaluation({ ...one, key: caseKey })
  return { outputs: evaluation.run(), updates: evaluation.updates }
}

for (const one of all.filter(({ phase, operation }) => phase === 'inference' && operation.onnx !== 'training only'))
  test(`ONNX Runtime: ${title(one)}`, async (t) => {
    const expected = reference(one).outputs
    for (const opset of opsets) {
      const found = await runOnnx(one, opset)
      for (const [index, output] of expected.entries())
        t.is(differs(output, found[index], valueTolerance), undefined, `opset ${opset}`)
    }
  })

/** Engines share one process and are switched, so their cases run one after another. */
for (const engine of ['tfjs-node', 'wasm', 'cpu'] as const)
  test.serial(`${engine}: every case, values and gradients`, async (t) => {
    if (!(await opens(engine))) {
      t.log(`skipped: ${engine} is not on this machine (wsban setup gets it)`)
      t.pass()
      return
    }
    for (const one of all) {
      const { outputs, updates } = reference(one)
      const differentiate = !operationCase(one).noGradient
      const weights = differentiate && outputs[0] ? weightsFor(outputs[0], title(one)) : undefined
      const found = await runTfjs(one, weights)
      for (const [index, expected] of outputs.entries())
        t.is(differs(expected, found.outputs[index], valueTolerance), undefined, `${title(one)}: output ${index}`)
      for (const [role, expected] of updates)
        t.is(
          differs(expected, found.parameters.get(role), valueTolerance),
          undefined,
          `${title(one)}: ${role} after the step`,
        )
      if (!weights) continue
      for (const [name, gradient] of found.gradients)
        t.is(
          differs(differenceQuotients(one, weights, name), gradient, gradientTolerance),
          undefined,
          `${title(one)}: gradient of ${name}`,
        )
    }
  })

async function opens(engine: EngineName): Promise<boolean> {
  try {
    await openEngine(engine, silent)
    return true
  } catch {
    return false
  }
}

function operationCase({ operation, name }: ReadyCase) {
  const found = operation.cases.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`no case ${name}`)
  return found
}

function weightsFor(output: Tensor, key: string): Tensor {
  const random = new Random(keyOf('weights', key))
  return tensor(
    output.shape,
    Array.from({ length: elements(output.shape) }, () => Math.fround(random.uniform(-1, 1))),
  )
}

/** Central differences of the reference, in double precision. */
function differenceQuotients(one: ReadyCase, weights: Tensor, name: string): Tensor {
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
