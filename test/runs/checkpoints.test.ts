import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Failure } from '../../runtime/failure.js'
import { type Checkpoint, removeCheckpoint, writeCheckpoint } from '../../runtime/runs/checkpoint.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import type { RunInfo } from '../../runtime/runs/info.js'
import { RunLog } from '../../runtime/runs/log.js'
import { untrainedRun as info } from '../support/run_info.js'

// Tests without training: which checkpoints a run folder keeps, how it falls back, and its errors when files are damaged.

const folder = mkdtempSync(join(tmpdir(), 'wsban-checkpoints-of-runs-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** A checkpoint whose weights say when it was written. */
function checkpointOf(epoch: number, stepInEpoch = 0): Checkpoint {
  const tensors = new Map([['w', { shape: [2], values: Float32Array.of(epoch, stepInEpoch) }]])
  const step = epoch * 10 + stepInEpoch
  const state = { epoch, step, stepInEpoch, position: 0, lossSums: {}, optimizerSteps: step, began: {}, stale: 0 }
  return { tensors, slots: new Map(), state }
}

let made = 0
async function newRun(changed: Partial<RunInfo> = {}): Promise<RunFolder> {
  return RunFolder.create(join(folder, `run${made++}`), { ...info, ...changed }, checkpointOf(0))
}

const codeOf = (error: Failure | undefined) => error?.problem.code
const onDisk = (run: RunFolder) => readdirSync(join(run.path, 'checkpoints')).sort()

test('the last checkpoint, the one before it and the best stay, and others go', async (t) => {
  const run = await newRun()
  await run.saveCheckpoint(checkpointOf(1), 0.5)
  await run.saveCheckpoint(checkpointOf(2), 0.25)
  await run.saveCheckpoint(checkpointOf(3), undefined)
  t.deepEqual(onDisk(run), ['epoch-0001', 'epoch-0002', 'epoch-0003'])
  t.deepEqual(run.names(), ['epoch-0003', 'epoch-0002', 'epoch-0001'])
  t.deepEqual([run.info.best, run.info.bestScore], ['epoch-0001', 0.5])
  t.is(run.weightsPath(), join(run.path, 'checkpoints', 'epoch-0001', 'weights.safetensors'))
  t.is(run.weightsPath('last'), join(run.path, 'checkpoints', 'epoch-0003', 'weights.safetensors'))
  await run.saveCheckpoint(checkpointOf(3), 0.9)
  t.is(run.info.best, 'epoch-0001', 'one that is there already is not written again')
  t.deepEqual((await RunFolder.open(run.path)).info, run.info)
})

test('with keep so many ends of epochs stay, and none within an epoch', async (t) => {
  const run = await newRun({ keep: 2 })
  for (const checkpoint of [checkpointOf(1), checkpointOf(1, 5), checkpointOf(2), checkpointOf(3), checkpointOf(4)])
    await run.saveCheckpoint(checkpoint, undefined)
  t.deepEqual(onDisk(run), ['epoch-0002', 'epoch-0003', 'epoch-0004'])
})

test('a run goes back to an earlier checkpoint: later ones are forgotten, the best only if it is later', async (t) => {
  const run = await newRun({ keep: 5 })
  for (const [epoch, score] of [0.5, 0.75, 0.25, 0.25].entries())
    await run.saveCheckpoint(checkpointOf(epoch + 1), score)
  await run.goBackTo('epoch-0004')
  t.is(run.info.last, 'epoch-0004', 'nothing to go back to')
  await run.goBackTo('epoch-0003')
  t.deepEqual([run.info.last, run.info.best, run.info.bestScore], ['epoch-0003', 'epoch-0002', 0.75])
  await run.goBackTo('epoch-0001')
  t.deepEqual([run.info.last, run.info.best, run.info.bestScore], ['epoch-0001', undefined, undefined])
  await run.resume({ epochs: 20 })
  t.deepEqual(onDisk(run), ['epoch-0000', 'epoch-0001'])
  const error = await t.throwsAsync(run.goBackTo('epoch-0003'), { instanceOf: Failure })
  t.is(codeOf(error), 'no-checkpoint')
  t.is(error?.problem.help, 'it has epoch-0001, epoch-0000')
})

test('a damaged checkpoint is reported with the newest that is whole, or that there is none', async (t) => {
  const run = await newRun()
  await run.saveCheckpoint(checkpointOf(1), undefined)
  await run.saveCheckpoint(checkpointOf(2), undefined)
  const stateOf = (name: string) => join(run.path, 'checkpoints', name, 'state.json')
  const state = readFileSync(stateOf('epoch-0002'), 'utf8')
  writeFileSync(stateOf('epoch-0002'), state.replace('"epoch":2', '"epoch":7'))
  const first = await t.throwsAsync(run.readCheckpoint('last'), { instanceOf: Failure })
  t.is(codeOf(first), 'weights-damaged')
  t.regex(first?.problem.help ?? '', /^epoch-0001 is whole: go back to it with --resume --from epoch-0001/)
  rmSync(stateOf('epoch-0002'))
  const gone = await t.throwsAsync(run.readCheckpoint('last'), { instanceOf: Failure })
  t.is(codeOf(gone), 'run-unreadable')
  rmSync(stateOf('epoch-0001'))
  const second = await t.throwsAsync(run.readCheckpoint('last'), { instanceOf: Failure })
  t.is(second?.problem.help, 'the run has no other checkpoint that is whole: train again into another folder')
})

test('a folder that is no run, run.json that is none, and a run without a checkpoint', async (t) => {
  const path = join(folder, 'no run')
  mkdirSync(path)
  const says = async () => {
    const error = await t.throwsAsync(RunFolder.open(path), { instanceOf: Failure })
    t.is(codeOf(error), 'run-unreadable')
    return error?.message ?? ''
  }
  t.regex(await says(), /it holds no run\.json/)
  writeFileSync(join(path, 'run.json'), '{')
  t.regex(await says(), /JSON/)
  writeFileSync(join(path, 'run.json'), '{"wsban":"0.1.0"}')
  t.regex(await says(), /run\.json was changed since wsban wrote it/)
  writeFileSync(join(path, 'run.json'), JSON.stringify(info))
  const run = await RunFolder.open(path)
  t.is(codeOf(t.throws(() => run.weightsPath(), { instanceOf: Failure })), 'no-checkpoint')
  const back = await t.throwsAsync(run.goBackTo('epoch-0001'), { instanceOf: Failure })
  t.is(back?.problem.help, 'it has none')
  t.is(await run.metrics(), undefined)
})

test('a checkpoint that cannot be written leaves nothing behind', async (t) => {
  const path = join(folder, 'nowhere', 'epoch-0001')
  const error = await t.throwsAsync(writeCheckpoint(path, checkpointOf(1), 'small'), { instanceOf: Failure })
  t.is(codeOf(error), 'cannot-write')
  t.false(existsSync(join(folder, 'nowhere')))
  const busy = join(folder, 'busy')
  mkdirSync(join(busy, 'epoch-0001', 'others'), { recursive: true })
  const there = await t.throwsAsync(writeCheckpoint(join(busy, 'epoch-0001'), checkpointOf(1), 'small'))
  t.true(there instanceof Failure)
  t.deepEqual(readdirSync(busy), ['epoch-0001'])
})

test('of a checkpoint only its own files are removed, and a link is not followed', async (t) => {
  const path = join(folder, 'removed')
  await writeCheckpoint(path, checkpointOf(1), 'small')
  writeFileSync(join(path, 'notes.txt'), 'mine')
  t.false(await removeCheckpoint(path))
  t.deepEqual(readdirSync(path), ['notes.txt'])
  const link = join(folder, 'link')
  symlinkSync(path, link)
  t.false(await removeCheckpoint(link))
  rmSync(join(path, 'notes.txt'))
  t.true(await removeCheckpoint(path))
  t.true(await removeCheckpoint(path), 'it is gone already')
})

if (process.platform === 'linux')
  test('where nothing can be written no run is locked', async (t) => {
    const error = await t.throwsAsync(RunFolder.lock('/proc/wsban'), { instanceOf: Failure })
    t.is(codeOf(error), 'cannot-write')
    t.regex(error?.problem.help ?? '', /choose another one with -o/)
  })

test('a log is read as far as its lines are whole, cut, and never written through a link', async (t) => {
  const log = new RunLog(join(folder, 'log.jsonl'))
  t.deepEqual(await log.read(), [])
  t.is(await log.bytes(), 0)
  await log.add({ step: 1 })
  const whole = await log.bytes()
  await log.add({ step: 2 })
  writeFileSync(log.path, `${readFileSync(log.path, 'utf8')}7\n{"step": 3`)
  t.deepEqual(await log.read(), [{ step: 1 }, { step: 2 }])
  await log.cutTo(whole)
  t.deepEqual(await log.read(), [{ step: 1 }])
  await log.cutTo(1000)
  t.is(await log.bytes(), whole, 'it is shorter already')

  const link = new RunLog(join(folder, 'linked.jsonl'))
  symlinkSync(log.path, link.path)
  for (const change of [() => link.add({ step: 4 }), () => link.cutTo(1)]) {
    const error = await t.throwsAsync(change(), { instanceOf: Failure })
    t.is(codeOf(error), 'cannot-write')
  }
  t.is(await log.bytes(), whole)
})
