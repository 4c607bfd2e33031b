import test from 'ava'
import { operations } from '../../compiler/ops/index.js'
import { defaultOpset, opsets } from '../../compiler/targets/onnx/opsets.js'
import { isHere } from '../kernels/support.js'
import { type ReadyCase, ready } from '../support/cases.js'
import { differs } from '../support/compare.js'
import { caseKey, differenceQuotients, operationCase, weightsFor } from '../support/gradients.js'
import { runOnnx } from '../support/onnx_case.js'
import { ReferenceEvaluation } from '../support/reference.js'
import { runTfjs } from '../support/tfjs_case.js'

/** Both sides compute in single precision, the reference in double. */
const valueTolerance = 1e-5
const gradientTolerance = 2e-4

const all = [...operations.values()].flatMap((operation) => operation.cases.map((one) => ready(operation, one)))
const title = ({ operation, name }: ReadyCase) => `${operation.name}, ${name}`

const followsLayout = ({ operation, inputs }: ReadyCase) =>
  operation.lowering.layout !== undefined && inputs.some(({ type }) => type.shape.length === 4)

function reference(one: ReadyCase) {
  const evaluation = new ReferenceEvaluation({ ...one, key: caseKey })
  return { outputs: evaluation.run(), updates: evaluation.updates }
}

for (const one of all.filter(
  ({ phase, operation }) => phase === 'inference' && operation.lowering.onnx !== 'training only',
))
  test(`ONNX Runtime: ${title(one)}`, async (t) => {
    const expected = reference(one).outputs
    for (const opset of opsets) {
      const found = await runOnnx(one, opset)
      for (const [index, output] of expected.entries())
        t.is(differs(output, found[index], valueTolerance), undefined, `opset ${opset}`)
    }
    const portable = await runOnnx(one, defaultOpset, true)
    for (const [index, output] of expected.entries())
      t.is(differs(output, portable[index], valueTolerance), undefined, 'portable')
  })

/** Engines share one process and are switched, so their cases run one after another. */
for (const engine of ['tfjs-node', 'wasm', 'cpu'] as const)
  test.serial(`${engine}: every case, values and gradients`, async (t) => {
    if (!(await isHere(engine))) {
      t.log(`skipped: ${engine} is not on this machine (wsban setup gets it)`)
      t.pass()
      return
    }
    // The second time the native engine knows all shapes beforehand, and computes from its queue.
    const repeated = engine === 'tfjs-node' ? [...all, ...all] : all
    // Operations that compute in either order of the axes are tested in both.
    const stored = repeated.flatMap((one) =>
      followsLayout(one) ? [{ one, layout: 'channels first' as const }, { one }] : [{ one }],
    )
    for (const { one, layout } of stored) {
      const { outputs, updates } = reference(one)
      const differentiate = !operationCase(one).noGradient
      const weights = differentiate && outputs[0] ? weightsFor(outputs[0], title(one)) : undefined
      const found = await runTfjs(one, weights, layout)
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
