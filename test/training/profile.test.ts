import { join } from 'node:path'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { loadedNative } from '../../runtime/engines/native.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { Learner } from '../../runtime/training/learner.js'
import { profileText, StepProfile } from '../../runtime/training/profile.js'

test('a profile says where the time of steps went, and changes nothing', async (t) => {
  await openEngine(undefined, silent)
  const path = join(packageRoot(), 'models', 'wsban_tiny.wsban')
  const { graph } = compileFile(path)
  if (!graph) throw new Error('the model does not compile')
  const model = await loadModel(graph, path)
  const batch = { images: new Float32Array(2 * model.image.size ** 2 * 3).fill(0.5), labels: Int32Array.from([0, 1]) }
  const moment = { step: 0, epoch: 0, rate: 0.001 }
  const profile = new StepProfile()
  const watched = Learner.begin({ model, seed: 1, profile })
  if (!loadedNative()) {
    t.throws(() => watched.accumulate(batch, moment, true), { message: /only the native engine/ })
    return
  }
  const plain = Learner.begin({ model, seed: 1 })
  for (const step of [0, 1, 2])
    t.deepEqual(
      watched.accumulate(batch, { ...moment, step }, true),
      plain.accumulate(batch, { ...moment, step }, true),
    )
  const { steps, step, kernels, bindings } = profile.table()
  t.is(steps, 2, 'the first step makes what later ones find')
  const inKernels = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const inBindings = bindings.reduce((sum, { forward, backward }) => sum + forward + backward, 0)
  t.true(inKernels > 0 && inKernels <= step)
  t.true(Math.abs(inKernels - inBindings) < 1e-6 * inKernels, 'each kernel counts for one binding')
  t.is(kernels.find(({ name }) => name === 'WsbanBatchNormGrad')?.calls, 22, '11 layers, in both passes')
  const stem = bindings.find(({ name }) => name === 'master.trunk.stem')
  t.true((stem?.forward ?? 0) > 0 && (stem?.backward ?? 0) > 0)
  t.regex(profileText(profile.table()), /2 steps of \d+ ms[\s\S]*Conv2D [\s\S]*master\.trunk\.layer1/)
  watched.dispose()
  plain.dispose()
})
