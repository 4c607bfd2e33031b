import test from 'ava'
import { operations } from '../../compiler/ops/index.js'
import { zeros } from '../../compiler/ops/support/tensor.js'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { ready } from '../support/cases.js'
import { differs } from '../support/compare.js'
import { runTfjs } from '../support/tfjs_case.js'
import { fitsReference, isByChance, title, weightsOf } from './cases.js'
import { caseHash, fromRecorded, pinnedTorch, readRecorded, recordedOperations } from './recorded.js'

/**
 * Compares the recorded results of PyTorch (record.ts) with the operations' references and TensorFlow.js, without torch. The tolerance of TensorFlow.js,
 * which computes in single precision, is relative to a tensor's largest value, or absolute if all are below 1.
 */
const tolerance = 1e-5
const again = 'npm run record:pytorch writes what PyTorch computes now'

test.before(async () => {
  await openEngine(undefined, silent)
})

test('there is a record of every operation, of no other, and of the torch that is pinned', (t) => {
  t.deepEqual(recordedOperations().sort(), [...operations.keys()].sort(), again)
  for (const name of recordedOperations()) t.is(readRecorded(name).torch, pinnedTorch(), `${name}: ${again}`)
})

for (const operation of operations.values())
  test.serial(`${operation.name}: PyTorch, the reference and TensorFlow.js agree`, async (t) => {
    const { cases } = readRecorded(operation.name)
    const all = operation.cases.map((one) => ready(operation, one))
    t.deepEqual(
      Object.keys(cases),
      all.map(({ name }) => name),
      `not the cases that were recorded: ${again}`,
    )
    for (const one of all) {
      const recorded = cases[one.name]
      if (recorded?.sha256 !== caseHash(one)) {
        t.fail(`${title(one)}: its numbers or its PyTorch code changed since they were recorded: ${again}`)
        continue
      }
      const pytorch = fromRecorded(recorded)
      fitsReference(t, one, pytorch)
      if (isByChance(one)) continue
      const tfjs = await runTfjs(one, weightsOf(one))
      for (const [output, expected] of pytorch.outputs.entries())
        t.is(differs(expected, tfjs.outputs[output], tolerance), undefined, `${title(one)}: output ${output}`)
      for (const [role, expected] of Object.entries(pytorch.parameters))
        t.is(differs(expected, tfjs.parameters.get(role), tolerance), undefined, `${title(one)}: ${role}`)
      for (const [name, expected] of Object.entries(pytorch.gradients)) {
        // Without a path to the output TensorFlow.js has no gradient, and PyTorch has zeros.
        const found = tfjs.gradients.get(name) ?? zeros(expected.shape)
        t.is(differs(expected, found, tolerance), undefined, `${title(one)}: gradient of ${name} in TensorFlow.js`)
      }
    }
  })
