import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { DataSet } from '../../runtime/data/dataset.js'
import { outOfMemory } from '../../runtime/engines/memory.js'
import { Failure, isOutOfFiles, systemFailure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import type { RunInfo } from '../../runtime/runs/info.js'
import { checkData, checkEpochs, checkNew, checkSame } from '../../runtime/training/checks.js'
import { pull, weightsPath } from '../../runtime/weights/resolve.js'
import { untrainedRun } from '../support/run_info.js'

// Checks before the first step, and errors of the system.

const folder = mkdtempSync(join(tmpdir(), 'wsban-checks-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const info: RunInfo = { ...untrainedRun, weights: 'published' }
const { spec } = info

let made = 0
/** A run that stands so many steps after so many epochs. */
async function runAt(epoch: number, stepInEpoch: number): Promise<RunFolder> {
  const state = { epoch, step: 0, stepInEpoch, position: 0, lossSums: {}, optimizerSteps: 0, began: {}, stale: 0 }
  return RunFolder.create(join(folder, `run${made++}`), info, { tensors: new Map(), slots: new Map(), state })
}

function fails(t: ExecutionContext, work: () => void, code: string, says: RegExp): void {
  const error = t.throws(work, { instanceOf: Failure })
  t.is(error?.problem.code, code)
  t.regex(`${error?.message}; ${error?.problem.help}`, says)
}

const data = (classes: readonly string[], train: number): DataSet => {
  const samples = Array.from({ length: train }, (_, i) => ({ path: `${i}.jpg`, label: 0 }))
  return { root: 'birds', classes, splits: { train: samples, val: [], test: [] }, holdOut: false, notes: [] }
}

test('data with other classes than the model, or without training images', (t) => {
  const model = { classes: 2 }
  fails(
    t,
    () => checkData(model, data(['a', 'b', 'c'], 3), 'birds'),
    'classes-do-not-fit',
    /3 classes.* 2; .*classes=3/,
  )
  fails(t, () => checkData(model, data(['a', 'b'], 0), 'birds'), 'no-images', /no training images/)
  t.notThrows(() => checkData(model, data(['a', 'b'], 1), 'birds'))
})

test('a new run takes no folder that holds one', async (t) => {
  const run = await runAt(0, 0)
  const error = await t.throwsAsync(checkNew(run.path), { instanceOf: Failure })
  t.is(error?.problem.code, 'run-exists')
  t.regex(error?.problem.help ?? '', /--resume/)
  await t.notThrowsAsync(checkNew(join(folder, 'not there')))
})

test('a resumed run keeps its weights, its spec and its batch', async (t) => {
  const run = await runAt(1, 0)
  const out = run.path
  fails(
    t,
    () => checkSame(run, spec, { out, weights: 'others' }),
    'run-differs',
    /from its own weights, not from others/,
  )
  fails(t, () => checkSame(run, { ...spec, settings: { maps: 3 } }, { out }), 'spec-changed', /model\.wsban/)
  fails(t, () => checkSame(run, spec, { out, batch: 8 }), 'run-differs', /batches of 4, not of 8/)
  t.notThrows(() => checkSame(run, spec, { out, batch: 4, weights: 'published' }))
})

test('epochs that were done, or begun, are not taken away', async (t) => {
  const says = async (run: RunFolder, epochs: number) =>
    (await t.throwsAsync(checkEpochs(run, epochs), { instanceOf: Failure }))?.message ?? ''
  t.regex(await says(await runAt(3, 0), 2), /has done 3 epochs, and --epochs 2 would take some away/)
  t.regex(await says(await runAt(3, 5), 3), /is in epoch 4, and --epochs 3/)
  await t.notThrowsAsync(checkEpochs(await runAt(3, 5), 4))
})

test('weights are a file, a run, or a published name; anything else says where it was looked for', async (t) => {
  const [file, beside] = [join(folder, 'w.safetensors'), join(folder, 'model.wsban')]
  writeFileSync(file, '')
  t.is(await weightsPath(file, undefined, silent), file)
  t.is(await weightsPath('w.safetensors', beside, silent), file, 'seen from the spec')
  const run = await runAt(2, 0)
  t.is(await weightsPath(run.path, undefined, silent), run.weightsPath())
  for (const name of ['nothing', 'owner/name.pth']) {
    const error = await t.throwsAsync(weightsPath(name, beside, silent), { instanceOf: Failure })
    t.is(error?.problem.code, 'weights-unreadable')
    t.true(error?.message.includes(join(folder, name)))
  }
  const unknown = await t.throwsAsync(pull('unknown', silent), { instanceOf: Failure })
  t.is(unknown?.problem.code, 'weights-unknown')
  t.regex(unknown?.problem.help ?? '', /known: .*owner\/name/)
})

test('only running out of memory counts as that, and no other error', (t) => {
  const [wasm, native, other] = [
    'Aborted(OOM)',
    'OOM when allocating tensor of shape [9]\nmore lines',
    'shapes do not match',
  ].map((reason) => outOfMemory(new Error(reason))?.problem)
  t.is(wasm?.code, 'out-of-memory')
  t.regex(`${wasm?.message} ${wasm?.help}`, /4 GB.*--batch.*wsban setup/)
  t.is(native?.message, 'the engine ran out of memory: OOM when allocating tensor of shape [9]')
  t.is(native?.help, 'take a smaller batch (--batch)')
  t.is(other, undefined)
})

test("what the machine refuses has a next step, and other errors are not the machine's", (t) => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  t.is(systemFailure(full)?.problem.code, 'system-refused')
  t.is(systemFailure(full)?.problem.help, 'free some space')
  for (const other of [Object.assign(new Error('gone'), { code: 'ENOENT' }), new Error('ours'), 'ENOSPC'])
    t.is(systemFailure(other), undefined)
  t.true(isOutOfFiles(Object.assign(new Error('many'), { code: 'ENFILE' })))
  t.false(isOutOfFiles(full))
})
