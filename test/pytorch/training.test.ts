import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as z from 'zod'
import { present } from '../../grammar/present.js'
import { openDataSet } from '../../runtime/data/open.js'
import { packageRoot } from '../../runtime/package_root.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { readValidationPredictions } from '../../runtime/runs/validation_predictions.js'
import { json, type Result, startWsban, wsbanIn } from '../support/commands.js'
import { deterministicTiny } from '../support/deterministic_tiny.js'
import { writeFewBirds } from '../support/few_birds.js'
import { lacksModules, python, skipped } from '../support/python.js'
import { digestOf, lastCheckpoint, lossesOf, recordsOf, stepsReached, weightsApart } from '../support/run_files.js'
import { writeTar } from '../support/tar_files.js'

/** Compares `wsban train --engine pytorch` with the other engines: 80 images, five steps per epoch. */
const lacking = lacksModules('torch', 'safetensors', 'PIL')
const folder = mkdtempSync(join(tmpdir(), 'wsban-training-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const wsban = wsbanIn(folder)

const models = join(packageRoot(), 'models')
const measures = z.record(z.string(), z.number())

test.before(async () => {
  if (lacking) return
  await writeFewBirds(join(folder, 'birds'), { train: 10, val: 4 })
  writeFileSync(join(folder, 'settled.wsban'), deterministicTiny)
})

const overflowing = `model overflowing(classes = 8, size = 32) {
  input image: Image[3, size, size] { resize(size), normalize(mean = 0.5, deviation = 0.5) }
  input label: Class[classes]
  branch whole(image) {
    row    = image -> conv2d(4, 3) -> global_avg_pool
    large  = exp(abs(row) + 1000)
    logits = linear(large / large, classes)
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
}
`

/** Checks that the predicted classes of the validation images give the accuracy in the log of that epoch. */
async function predictionsAgree(t: ExecutionContext, run: string): Promise<void> {
  const { info } = await RunFolder.open(run)
  const data = await openDataSet(join(folder, 'birds'), { seed: info.seed, classes: info.classes })
  const { epoch, predicted } = present(await readValidationPredictions(run), 'predictions of an epoch')
  const right = data.splits.val.filter(({ label }, index) => label === predicted[index])
  const ends = recordsOf(run).flatMap((record) => (record.kind === 'epoch' ? [record] : []))
  const logged = present(ends.at(-1), 'the end of an epoch')
  t.is(epoch, logged.epoch)
  t.is(predicted.length, data.splits.val.length)
  t.is(right.length / predicted.length, present(logged.val.top1?.joint, 'the accuracy'))
}

function train(out: string, ...more: readonly string[]): Result {
  const data = ['--data', 'birds', '-o', out, '--train', 'optimizer=sgd(rate=0.02)', '--save-every', '0']
  return wsban('train', 'settled.wsban', ...data, ...more)
}

function done(t: ExecutionContext, { status, err }: Result): void {
  t.is(status, 0, err)
}

test.serial('the training curves of both engines agree, and every command reads a run', async (t) => {
  if (skipped(t, lacking)) return
  done(t, train('ours', '--epochs', '2', '--engine', 'tfjs-node'))
  const result = train('theirs', '--epochs', '2', '--engine', 'pytorch', '--json')
  done(t, result)
  const [ours, theirs] = [lossesOf(join(folder, 'ours')), lossesOf(join(folder, 'theirs'))]
  t.is(theirs.length, 10)
  const apart = ours.map((losses, step) =>
    Math.max(
      ...Object.entries(losses).map(([name, value]) => Math.abs(value - (theirs[step]?.[name] ?? Number.NaN)) / value),
    ),
  )
  t.log(`losses apart after each step: ${apart.map((one) => one.toExponential(1)).join(', ')}`)
  t.true((apart[0] ?? 1) < 1e-5)
  t.true((apart[1] ?? 1) < 1e-4)
  t.true(apart.every((one) => one < 1e-2))
  t.log(
    `weights apart after ten steps: ${(await weightsApart(join(folder, 'ours'), join(folder, 'theirs'))).toExponential(1)}`,
  )

  for (const run of ['ours', 'theirs']) await predictionsAgree(t, join(folder, run))

  // evaluate uses the best epoch, the first of equal ones.
  const epochs = recordsOf(join(folder, 'theirs')).flatMap((record) => (record.kind === 'epoch' ? [record.val] : []))
  const most = Math.max(...epochs.map(({ top1 }) => top1?.joint ?? 0))
  const val = epochs.find(({ top1 }) => top1?.joint === most)
  const said = json(result)
  t.is(said.steps, 10)
  // The other engine counts the same correct predictions with the weights of the run, without its calibration.
  rmSync(join(folder, 'theirs', 'calibration.json'))
  const counted = json(wsban('evaluate', 'theirs', '--data', 'birds', '--json'))
  t.deepEqual(counted.top1, val?.top1)
  t.is(counted.top5, val?.top5)
  t.true(Math.abs(Number(counted.calibrationError) - (val?.calibrationError ?? 1)) < 1e-4)
  for (const kind of ['localisation', 'discriminativePart'] as const) {
    const measured = measures.parse(counted[kind])
    t.deepEqual(Object.keys(measured).sort(), Object.keys(val?.[kind] ?? {}).sort())
    for (const [name, value] of Object.entries(measured))
      t.true(Math.abs(value - Number(val?.[kind]?.[name])) < 1e-4, `${kind}: ${name}`)
  }
  done(t, wsban('export', 'theirs', '-o', 'theirs.onnx'))
  done(t, wsban('verify', 'theirs.onnx', '--against', 'theirs', '--data', 'birds'))
  done(t, wsban('report', 'theirs', '-o', 'theirs.html'))
})

test.serial('a run changes engines and back', async (t) => {
  if (skipped(t, lacking)) return
  done(t, train('straight', '--epochs', '3', '--engine', 'pytorch', '--train', 'schedule=constant()'))
  const constant = ['--train', 'schedule=constant()'] as const
  done(t, train('changing', '--epochs', '1', '--engine', 'tfjs-node', ...constant))
  const second = train('changing', '--epochs', '2', '--resume', '--engine', 'pytorch', ...constant)
  done(t, second)
  t.regex(second.err, /started with tfjs-node/)
  done(t, train('changing', '--epochs', '3', '--resume', '--engine', 'tfjs-node', ...constant))
  const apart = await weightsApart(join(folder, 'straight'), join(folder, 'changing'))
  t.log(`weights apart after fifteen steps: ${apart.toExponential(1)}`)
  t.true(apart < 2e-2)
})

test.serial('training on tar archives is training on their images', async (t) => {
  if (skipped(t, lacking)) return
  for (const split of ['train', 'val']) {
    const from = join(folder, 'birds', split)
    const images = readdirSync(from).flatMap((name) =>
      readdirSync(join(from, name)).map((file) => [name, file] as const),
    )
    const shard = images.flatMap(([name, file], index): [string, string | Uint8Array][] => {
      const key = String(index).padStart(4, '0')
      return [
        [`${key}${extname(file)}`, readFileSync(join(from, name, file))],
        [`${key}.cls`, name],
      ]
    })
    writeTar(join(folder, 'shards', `${split}-0.tar`), Object.fromEntries(shard))
  }
  const options = ['--epochs', '1', '--engine', 'pytorch', '--seed', '3'] as const
  done(t, train('on folders', ...options))
  done(t, train('on shards', '--data', 'shards', ...options))
  t.is(await digestOf(join(folder, 'on shards')), await digestOf(join(folder, 'on folders')))
  done(t, wsban('evaluate', 'on shards', '--data', 'shards'))
})

test.serial('an interrupted run resumes to the result of an uninterrupted one', async (t) => {
  if (skipped(t, lacking)) return
  const tiny = join(models, 'wsban_tiny.wsban')
  // Dropout and random thresholds, an average, groups of which one is frozen first, two batches per step.
  const options = [
    ...['--data', 'birds', '--epochs', '3', '--engine', 'pytorch', '--save-every', '0'],
    ...['--train', 'accumulate=2', '--train', 'average=ema(decay=0.9)', '--train', 'batch=8'],
  ]
  done(t, wsban('train', tiny, ...options, '-o', 'whole'))
  const { child, ended } = startWsban(folder, ['train', tiny, ...options, '-o', 'parted'])
  // In the second epoch.
  await stepsReached(join(folder, 'parted'), 7, () => child.exitCode === null)
  child.kill('SIGINT')
  const stopped = await ended
  t.is(stopped.status, 130, stopped.err)
  t.regex(stopped.err, /continue with --resume/)
  done(t, wsban('train', tiny, ...options, '-o', 'parted', '--resume'))
  t.is(await digestOf(join(folder, 'parted')), await digestOf(join(folder, 'whole')))
  const curves = ['parted', 'whole'].map((run) => lossesOf(join(folder, run)))
  t.deepEqual(curves[0], curves[1])
})

test.serial('errors are reported as by the other engines', (t) => {
  if (skipped(t, lacking)) return
  const three = train('odd', '--engine', 'pytorch', '--processes', '3', '--batch', '16')
  t.is(three.status, 1)
  t.regex(three.err, /batch of 16 is not divisible by 3 processes/)
  const wild = train('wild', '--engine', 'pytorch', '--train', 'optimizer.rate=1e30')
  t.is(wild.status, 1)
  t.regex(wild.err, /error\[loss-not-finite\].*at step \d/)
  t.regex(wild.err, /wild holds epoch-0000, a complete checkpoint/)
  t.regex(wild.err, /lower optimizer\.rate/)
  writeFileSync(join(folder, 'overflowing.wsban'), overflowing)
  for (const [engine, place] of [
    ['pytorch', /; first in model\.py:\d+: large = .*exp/],
    ['tfjs-node', /; first in whole\.large \(exp, \S*overflowing\.wsban:6\)/],
  ] as const) {
    const failed = wsban('train', 'overflowing.wsban', '--data', 'birds', '-o', `over ${engine}`, '--engine', engine)
    t.is(failed.status, 1)
    t.regex(failed.err, /loss-not-finite.*: loss whole is NaN at step 1;/)
    t.regex(failed.err, place)
    t.regex(failed.err, /the learning rate is not the cause: look in the spec for a value that overflows/)
  }
  done(t, wsban('compile', 'settled.wsban', '--set', 'classes=8', '--target', 'pytorch', '-o', 'program'))
  const program = join('program', 'train.py')
  const fails = (code: RegExp, ...given: readonly string[]) => {
    const { status, stderr } = spawnSync(python, [program, '--out', 'begun', ...given], {
      cwd: folder,
      encoding: 'utf8',
    })
    t.is(status, 1, stderr)
    t.regex(stderr, code)
    t.notRegex(stderr, /Traceback/)
  }
  writeFileSync(join(folder, 'empty.safetensors'), '')
  const other = join(packageRoot(), 'test', 'weights', 'fixtures', 'all.safetensors')
  fails(/weights-unreadable/, '--data', 'birds', '--weights', 'empty.safetensors')
  fails(/weights-unreadable/, '--data', 'birds', '--weights', 'none.safetensors')
  fails(/weights-do-not-fit/, '--data', 'birds', '--weights', other)
  for (const name of readdirSync(join(folder, 'birds', 'train'))) {
    mkdirSync(join(folder, 'broken', name), { recursive: true })
    for (const file of ['a.jpg', 'b.png']) writeFileSync(join(folder, 'broken', name, file), 'no image')
  }
  fails(/left out: cannot read[\s\S]*images-unreadable/, '--data', 'broken')
})

test.serial('a run is not resumed by the program of another optimizer or model', (t) => {
  if (skipped(t, lacking)) return
  const program = (code: string, ...given: readonly string[]) => {
    const script = [join(code, 'train.py'), '--data', 'birds', '--out', 'of another', ...given]
    const { status, stderr } = spawnSync(python, script, { cwd: folder, encoding: 'utf8' })
    return { status, err: stderr }
  }
  const compiled = (code: string, text: string, maps: string) => {
    writeFileSync(join(folder, `${code}.wsban`), text)
    const set = ['--set', 'classes=8', '--set', `maps=${maps}`]
    done(t, wsban('compile', `${code}.wsban`, ...set, '--target', 'pytorch', '-o', code))
  }
  const sgd = deterministicTiny.replace(/optimizer = adam\([^)]*\)/, 'optimizer = sgd(rate = 0.01)')
  t.not(sgd, deterministicTiny)
  compiled('with adam', deterministicTiny, '8')
  compiled('with sgd', sgd, '8')
  compiled('with more maps', deterministicTiny, '12')
  const begun = program('with adam', '--epochs', '1')
  t.is(begun.status, 0, begun.err)
  const [optimizer, model] = ['with sgd', 'with more maps'].map((code) => program(code, '--epochs', '2', '--resume'))
  t.is(optimizer?.status, 1)
  t.regex(
    optimizer?.err ?? '',
    /error\[run-unreadable\]: the checkpoint has optimizer state mean\/\S+ that the spec lacks/,
  )
  t.regex(optimizer?.err ?? '', /resume with the spec and the optimizer of the run/)
  t.is(model?.status, 1)
  t.regex(model?.err ?? '', /error\[spec-changed\]: .* differs/)
  for (const { err } of [optimizer, model].flatMap((one) => one ?? [])) t.notRegex(err, /Traceback/)
})

test.serial(
  'a checkpoint that changed is noticed in PyTorch as well, and a folder with other things is left alone',
  async (t) => {
    if (skipped(t, lacking)) return
    const ours = (...more: readonly string[]) =>
      wsban('train', 'settled.wsban', '--data', 'birds', '-o', 'spoiled', '--engine', 'tfjs-node', ...more)
    done(t, ours('--epochs', '2'))
    const path = join(folder, 'spoiled')
    done(t, wsban('compile', 'settled.wsban', '--set', 'classes=8', '--target', 'pytorch', '-o', 'code'))
    const file = join(lastCheckpoint(path), 'optimizer.safetensors')
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(file, bytes)
    const program = (...args: readonly string[]) => {
      const script = [join(folder, 'code', 'train.py'), '--data', join(folder, 'birds'), ...args]
      const { status, stderr } = spawnSync(python, script, { encoding: 'utf8' })
      return { status, err: stderr }
    }
    for (const { status, err } of [
      ours('--epochs', '3', '--resume'),
      program('--out', path, '--epochs', '3', '--resume'),
    ]) {
      t.is(status, 1)
      t.regex(
        err,
        /weights-damaged[^\n]*the values of \S+ are not those that were written\n[^\n]*--resume --from epoch-0001/,
      )
    }
    const resumed = program('--out', path, '--epochs', '2', '--resume', '--from', 'epoch-0001')
    t.is(resumed.status, 0, resumed.err)
    done(t, ours('--epochs', '3', '--resume'))
    const other = join(folder, 'others')
    mkdirSync(join(other, 'checkpoints'), { recursive: true })
    writeFileSync(join(other, 'checkpoints', 'best.pt'), 'weights')
    const refused = program('--out', other)
    t.is(refused.status, 1)
    t.regex(refused.err, /folder-not-empty[^\n]*holds checkpoints/)
    t.deepEqual(readdirSync(other, { recursive: true }).sort(), ['checkpoints', join('checkpoints', 'best.pt')])
  },
)
