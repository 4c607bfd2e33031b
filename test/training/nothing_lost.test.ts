import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { startWsban, wsbanIn } from '../support/commands.js'
import { checkpointIn, killedAfterSaving } from '../support/kills.js'
import { drawShapes } from '../support/shapes.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban nothing lost '))
const data = join(folder, 'shapes')
const wsban = wsbanIn(folder)
const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')
/** Eight steps an epoch, and a checkpoint after nearly each. */
const args = ['train', tiny, '--data', data, '--epochs', '3', '--batch', '2', '--seed', '7', '--save-every', '0.0001']
const whole = join(folder, 'whole')

test.before(async (t) => {
  await drawShapes(data)
  t.is(wsban(...args, '-o', whole).status, 0)
})

test.after.always(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Returns weights, optimizer state, and the log without durations. */
async function outcome(path: string) {
  const run = await RunFolder.open(path)
  const { tensors, slots, state } = await run.readCheckpoint('last')
  const log = (await run.log.read()).map(
    ({ secondsPerStep: _1, waitingForData: _2, memory: _3, tensors: _4, ...line }) => line,
  )
  const { logBytes: _, ...rest } = state
  const { best, last, bestScore } = run.info
  return { tensors, slots, state: rest, log, best, last, bestScore }
}

async function sameAsWhole(t: ExecutionContext, run: string): Promise<void> {
  const [found, expected] = [await outcome(run), await outcome(whole)]
  t.deepEqual(found.log, expected.log)
  t.deepEqual(found, expected)
}

test.serial('Ctrl-C within an epoch keeps the step, and resuming ends as if nothing had been', async (t) => {
  const run = join(folder, 'interrupted')
  const { child, ended } = startWsban(folder, [...args, '-o', run])
  await checkpointIn(run, (name) => name.startsWith('step-'))
  child.kill('SIGSTOP')
  const second = wsban(...args, '-o', run, '--resume')
  t.is(second.status, 2)
  t.regex(second.err, /run-in-use[\s\S]*process \d+ is already training into/)
  child.kill('SIGCONT')
  child.kill('SIGINT')
  const { status, err } = await ended
  t.is(status, 130, err)
  const { last } = (await RunFolder.open(run)).info
  t.true(err.includes(`holds ${last}`), err)
  const resumed = wsban(...args, '-o', run, '--resume')
  t.is(resumed.status, 0, resumed.err)
  t.regex(resumed.err, /resuming after (step \d of epoch \d|epoch \d)/)
  await sameAsWhole(t, run)
})

test.serial('killed at any moment, a run holds a whole checkpoint, and ends as if nothing had been', async (t) => {
  const run = join(folder, 'killed')
  let step = 0
  for (const milliseconds of [0, 3, 10, 30]) {
    const left = await killedAfterSaving(folder, run, args, milliseconds)
    t.true(left.step >= step, `${left.checkpoint} after step ${step}`)
    step = left.step
  }
  const resumed = wsban(...args, '-o', run, ...(RunFolder.exists(run) ? ['--resume'] : []))
  t.is(resumed.status, 0, resumed.err)
  await sameAsWhole(t, run)
})

test.serial('an image folder that goes away while training', async (t) => {
  const [own, run] = [join(folder, 'going'), join(folder, 'gone')]
  cpSync(data, own, { recursive: true })
  for (const name of readdirSync(join(own, 'train')))
    for (const file of readdirSync(join(own, 'train', name)))
      for (let copy = 0; copy < 40; copy++)
        copyFileSync(join(own, 'train', name, file), join(own, 'train', name, `${copy} ${file}`))
  const { ended } = startWsban(folder, [...args, '--data', own, '-o', run])
  await checkpointIn(run, (name) => name.startsWith('step-'))
  rmSync(join(own, 'train'), { recursive: true })
  const { status, err } = await ended
  t.is(status, 1, err)
  const opened = await RunFolder.open(run)
  t.regex(err, /images-unreadable/)
  t.true(err.includes(`holds ${opened.info.last}`), err)
  t.true((await opened.readCheckpoint('last')).state.step > 0)
})

const mounts = process.platform === 'linux' && process.getuid?.() === 0

test.serial('a full disk, and one that turns read-only', async (t) => {
  const disk = join(folder, 'disk')
  spawnSync('mkdir', [disk])
  if (!mounts || spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk]).status !== 0) {
    t.pass('skipped: only root can make a small disk')
    t.log('skipped: only root can make a small disk')
    return
  }
  const run = join(disk, 'run')
  try {
    const { child, ended } = startWsban(folder, [...args, '-o', run])
    await checkpointIn(run, (name) => name.startsWith('step-'))
    child.kill('SIGINT')
    t.is((await ended).status, 130)
    const { last } = (await RunFolder.open(run)).info
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4096'])
    const full = wsban(...args, '-o', run, '--resume')
    t.is(full.status, 1, full.err)
    t.regex(full.err, /cannot-write/)
    t.is((await RunFolder.open(run)).info.last, last)
    await (await RunFolder.open(run)).readCheckpoint('last')
    rmSync(join(disk, 'filler'))
    // Space for the start of training, but not for the next checkpoint.
    const free = Number(spawnSync('df', ['--output=avail', '-k', disk], { encoding: 'utf8' }).stdout.split('\n')[1])
    writeFileSync(join(disk, 'filler'), Buffer.alloc((free - 300) * 1024))
    const fuller = wsban(...args, '-o', run, '--resume')
    t.is(fuller.status, 1, fuller.err)
    t.regex(fuller.err, /cannot-write/)
    t.true(fuller.err.includes(`holds ${last}, a complete checkpoint`), fuller.err)
    await (await RunFolder.open(run)).readCheckpoint('last')
    rmSync(join(disk, 'filler'))
    t.is(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0)
    const readOnly = wsban(...args, '-o', run, '--resume')
    t.is(readOnly.status, 1, readOnly.err)
    t.regex(readOnly.err, /cannot-write[\s\S]*read-only/)
    t.is(spawnSync('mount', ['-o', 'remount,rw', disk]).status, 0)
    const resumed = wsban(...args, '-o', run, '--resume')
    t.is(resumed.status, 0, resumed.err)
    await sameAsWhole(t, run)
  } finally {
    spawnSync('umount', [disk])
  }
})

test.serial('what is kept, and what a finished run says', async (t) => {
  const run = join(folder, 'kept')
  t.is(wsban(...args, '-o', run, '--keep', '2').status, 0)
  const { info } = await RunFolder.open(run)
  t.deepEqual(info.kept, ['epoch-0001', 'epoch-0002'])
  t.deepEqual(readdirSync(join(run, 'checkpoints')).sort(), ['epoch-0001', 'epoch-0002', 'epoch-0003'])
  const again = wsban(...args, '-o', run, '--resume')
  t.is(again.status, 0, again.err)
  t.regex(again.err, /all 3 epochs are done; a larger --epochs continues/)
  const batch = wsban('train', tiny, '--data', data, '-o', run, '--batch', '4', '--resume')
  t.is(batch.status, 2)
  t.regex(batch.err, /batches of 2, not of 4/)
  const other = wsban('train', tiny.replace('wsban_tiny', 'wsdan_tiny'), '--data', data, '-o', run, '--resume')
  t.regex(other.err, /spec-changed/)
})

test.serial('patience ends a run early, and it stays ended', async (t) => {
  const run = join(folder, 'patient')
  // Nothing but the classifier may move, and at such a rate it does not: no epoch is better than the first.
  const settings = [
    'patience=2',
    'optimizer.rate=1e-12',
    'one=group(master.trunk, frozen=9)',
    'two=group(master.attention, frozen=9)',
  ]
  const patient = [...args, '--epochs', '9', ...settings.flatMap((line) => ['--train', line])]
  const first = wsban(...patient, '-o', run)
  t.is(first.status, 0, first.err)
  t.regex(first.err, /stopped early: no better validation top-1 in 2 epochs/)
  const { info } = await RunFolder.open(run)
  t.is(info.last, 'epoch-0003')
  t.is(info.best, 'epoch-0001')
  const again = wsban(...patient, '-o', run, '--resume')
  t.is(again.status, 0, again.err)
  t.regex(again.err, /stopped early: 2 epochs without a better validation top-1/)
  t.is((await RunFolder.open(run)).info.last, 'epoch-0003')
})

const badSpecs: readonly (readonly [name: string, lines: string, message: RegExp])[] = [
  [
    'value',
    'zero   = trunk.layer3 - trunk.layer3\n    wrong  = zero / zero\n    logits = wrong -> global_avg_pool -> linear(classes)',
    /loss-not-finite\S*: loss whole is NaN at step 1; first in whole\.wrong \(div, \S*bad value\.wsban:8\)/,
  ],
  [
    'gradient',
    // The values are ones, and the quotient's gradient by its lower half is their square over 1e-60.
    'small  = (trunk.layer3 + 1) * 1e-30\n    large  = small / small\n    logits = large -> global_avg_pool -> linear(classes)',
    /loss-not-finite\S*: the gradient of whole\.trunk\.\S+ is not finite at step 1.*; on the way back first through whole\.large \(div, \S*bad gradient\.wsban:8\)/,
  ],
]

for (const [name, lines, message] of badSpecs)
  test.serial(
    `a ${name} that is not finite: the first binding is named, and the weights stay as they were`,
    async (t) => {
      const spec = join(folder, `bad ${name}.wsban`)
      writeFileSync(
        spec,
        `import tiny from "backbones/tiny"
model nothing(classes = 2, size = 32) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) {
    trunk  = tiny(image)
    ${lines}
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
}`,
      )
      const run = join(folder, `bad ${name}`)
      const { status, err } = wsban('train', spec, '--data', data, '-o', run)
      t.is(status, 1, err)
      t.regex(err, message)
      t.regex(err, /the learning rate is not the cause/)
      t.regex(err, /holds epoch-0000, a complete checkpoint/)
      t.is((await (await RunFolder.open(run)).readCheckpoint('last')).state.step, 0)
    },
  )

test.serial('a run with everything in its train block resumes as if it had not been stopped', async (t) => {
  const settings = [
    'accumulate=3',
    'clip=1',
    'average=ema(decay=0.9)',
    'class_weights=balanced',
    'backbone=group(master.trunk, rate=10%, frozen=1 epochs)',
    'optimizer=adamw(rate=1e-3, weight_decay=0.1, decays=weights)',
    'schedule=cosine(warm_up=1)',
  ].flatMap((line) => ['--train', line])
  const [one, other] = [join(folder, 'settings'), join(folder, 'settings stopped')]
  t.is(wsban(...args, ...settings, '-o', one).status, 0)
  const { child, ended } = startWsban(folder, [...args, ...settings, '-o', other])
  await checkpointIn(other, (name) => name.startsWith('step-'))
  child.kill('SIGINT')
  t.is((await ended).status, 130)
  const resumed = wsban('train', join(other, 'model.wsban'), '--data', data, '-o', other, '--resume')
  t.is(resumed.status, 0, resumed.err)
  t.deepEqual(await outcome(other), await outcome(one))
})
