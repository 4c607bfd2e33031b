import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { type Result, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban folder '))
const wsban = wsbanIn(folder)
const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')
const done = join(folder, 'done')

/** Four steps an epoch. */
function train(out: string, ...more: readonly string[]): Result {
  return wsban('train', tiny, '--data', 'shapes', '--batch', '4', '-o', out, ...more)
}

test.before(async (t) => {
  await drawShapes(join(folder, 'shapes'))
  const { status, err } = train(done, '--epochs', '2')
  t.is(status, 0, err)
})

test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** Returns every path below a folder with its content. */
function contentOf(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map((name) => {
      try {
        return [name, readFileSync(join(path, name), 'base64')]
      } catch {
        return [name, 'a folder']
      }
    }),
  )
}

function fill(path: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
}

const foreign: readonly (readonly [name: string, files: Record<string, string>, named: RegExp])[] = [
  ['a project', { 'train.py': 'import torch', 'checkpoints/best.pt': 'weights' }, /holds checkpoints, train\.py/],
  [
    'names as ours',
    { 'log.jsonl': '{}', 'model.wsban': 'model', 'x.tmp': 'x' },
    /holds log\.jsonl, model\.wsban, x\.tmp/,
  ],
  ['a folder x.tmp', { 'x.tmp/inner': 'x' }, /holds x\.tmp/],
  ['a lock of another kind', { lock: 'my notes' }, /holds lock/],
  ['checkpoints alone', { 'checkpoints/epoch-0000/weights.safetensors': 'w' }, /holds checkpoints/],
  ['hidden files', { '.git/config': '' }, /holds \.git/],
]

for (const [name, files, named] of foreign)
  test.serial(`${name}: no run is made there, and nothing is changed`, (t) => {
    const path = join(folder, name)
    fill(path, files)
    const before = contentOf(path)
    const { status, err } = train(path)
    t.is(status, 2, err)
    t.regex(err, /folder-not-empty/)
    t.regex(err, named)
    t.regex(err, /choose a new folder/)
    t.deepEqual(contentOf(path), before)
  })

test.serial('an empty folder, and what an interrupted start left, become a run', (t) => {
  const path = join(folder, 'begun')
  const dead = '.wsban-4194305-0123abcd.tmp'
  fill(path, {
    '.wsban-unfinished': '',
    'model.wsban': 'half',
    lock: JSON.stringify({ process: 2 ** 22 + 1, host: 'h' }),
    [dead]: '',
    [`checkpoints/${dead}/weights.safetensors`]: 'half',
    'checkpoints/epoch-0000/weights.safetensors': 'half',
  })
  // Its lock is held by another machine, which may be running.
  t.is(train(path).status, 2)
  rmSync(join(path, 'lock'))
  const { status, err } = train(path, '--epochs', '1')
  t.is(status, 0, err)
  t.deepEqual(readdirSync(path).sort(), [
    'checkpoints',
    'images.json',
    'log.jsonl',
    'model.wsban',
    'run.json',
    'tensorboard',
    'validation.json',
  ])
  t.deepEqual(readdirSync(join(path, 'checkpoints')).sort(), ['epoch-0000', 'epoch-0001'])
})

test.serial('files that users keep in a run stay there', (t) => {
  const path = join(folder, 'kept')
  cpSync(done, path, { recursive: true })
  const kept = {
    'x.tmp/inner': 'x',
    'notes.tmp': 'n',
    'checkpoints/mine/weights.pt': 'w',
    'checkpoints/epoch-0001/notes.txt': 'good',
    'checkpoints/epoch-0003/theirs': 'e',
    'checkpoints/epoch-0001.7.tmp/theirs': 'e',
  }
  fill(path, kept)
  cpSync(join(path, 'checkpoints', 'epoch-0002'), join(path, 'checkpoints', 'copy'), { recursive: true })
  const copied = contentOf(join(path, 'checkpoints', 'copy'))
  for (const epochs of ['3', '5']) {
    const { status, err } = train(path, '--resume', '--epochs', epochs)
    t.is(status, 0, err)
  }
  const left = contentOf(path)
  for (const [name, text] of Object.entries(kept)) t.is(left[name], Buffer.from(text).toString('base64'), name)
  t.deepEqual(contentOf(join(path, 'checkpoints', 'copy')), copied)
  t.false(
    existsSync(join(path, 'checkpoints', 'epoch-0003-2')),
    'the run’s own epoch 3 had another name, and is not needed',
  )
  t.true(existsSync(join(path, 'checkpoints', 'epoch-0005')))
})

for (const name of ['checkpoints', 'tensorboard', 'log.jsonl', 'model.wsban', 'lock'])
  test.serial(`a run in which ${name} is a link: nothing is changed where it leads`, (t) => {
    if (process.platform === 'win32') return t.pass('links need rights there')
    const [path, target] = [join(folder, `link ${name}`), join(folder, `target ${name}`)]
    cpSync(done, path, { recursive: true })
    mkdirSync(target)
    if (existsSync(join(path, name))) renameSync(join(path, name), join(target, name))
    else fill(target, { [name]: 'theirs' })
    symlinkSync(join(target, name), join(path, name))
    const before = contentOf(target)
    const { status, err } = train(path, '--resume', '--epochs', '3')
    t.is(status, 1, err)
    t.regex(err, /run-holds-link/)
    t.deepEqual(contentOf(target), before)
    t.is(wsban('predict', path, 'shapes/val/blue <square>/0.jpg').status, 0, 'reading is no harm')
  })

test.serial('a checkpoint’s name in run.json is never a path', (t) => {
  const path = join(folder, 'path')
  cpSync(done, path, { recursive: true })
  fill(folder, { 'victim/weights.safetensors': 'w' })
  const file = join(path, 'run.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), written: ['../../victim'] }))
  const { status, err } = train(path, '--resume', '--epochs', '3')
  t.is(status, 1)
  t.regex(err, /run-unreadable/)
  t.true(existsSync(join(folder, 'victim', 'weights.safetensors')))
})

async function spoil(file: string, tensor: string): Promise<void> {
  const bytes = readFileSync(file)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length))
  const at = 8 + length + header[tensor].data_offsets[0]
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

async function damagedRun(t: ExecutionContext, name: string, file: string, tensor: string): Promise<string> {
  const path = join(folder, name)
  cpSync(done, path, { recursive: true })
  await spoil(join(path, 'checkpoints', 'epoch-0002', file), tensor)
  const { status, err } = train(path, '--resume', '--epochs', '3')
  t.is(status, 1, err)
  t.regex(err, /weights-damaged/)
  t.true(err.includes(`the values of ${tensor} are not those that were written`), err)
  t.regex(err, /epoch-0001 is whole: go back to it with --resume --from epoch-0001/)
  return path
}

test.serial('one flipped bit in a checkpoint: the tensor is named, and the one before it resumes', async (t) => {
  const path = await damagedRun(t, 'damaged weights', 'weights.safetensors', 'master.logits.weight')
  const { status, err } = train(path, '--resume', '--from', 'epoch-0001', '--epochs', '3')
  t.is(status, 0, err)
  t.regex(err, /resuming after epoch 1/)
  const straight = join(folder, 'straight')
  t.is(train(straight, '--epochs', '3').status, 0)
  const [found, expected] = await Promise.all(
    [path, straight].map(async (run) => (await RunFolder.open(run)).readCheckpoint('last')),
  )
  t.deepEqual(found?.tensors, expected?.tensors)
  t.deepEqual(found?.slots, expected?.slots)
})

test.serial('one flipped bit in what the optimizer remembers, and in the state', async (t) => {
  await damagedRun(t, 'damaged slots', 'optimizer.safetensors', 'mean/master.logits.weight')
  const path = join(folder, 'damaged state')
  cpSync(done, path, { recursive: true })
  const file = join(path, 'checkpoints', 'epoch-0002', 'state.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"step":8', '"step":9'))
  const { status, err } = train(path, '--resume', '--epochs', '3')
  t.is(status, 1, err)
  t.regex(err, /state\.json has changed since it was written/)
})

test.serial('a checkpoint of an earlier version, without checksums, resumes', async (t) => {
  const path = join(folder, 'earlier')
  cpSync(done, path, { recursive: true })
  for (const name of ['weights', 'optimizer']) {
    const file = join(path, 'checkpoints', 'epoch-0002', `${name}.safetensors`)
    const bytes = readFileSync(file)
    const length = Number(bytes.readBigUInt64LE(0))
    const { __metadata__: _, ...tensors } = JSON.parse(bytes.toString('utf8', 8, 8 + length))
    const header = Buffer.from(JSON.stringify(tensors).padEnd(length))
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 8), header, bytes.subarray(8 + length)]))
  }
  const run = join(path, 'run.json')
  const { written: _1, previous: _2, ...info } = JSON.parse(readFileSync(run, 'utf8'))
  writeFileSync(run, JSON.stringify(info))
  const { status, err } = train(path, '--resume', '--epochs', '3')
  t.is(status, 0, err)
})

test.serial('damage is noticed by whatever reads the weights', async (t) => {
  const path = join(folder, 'read')
  cpSync(done, path, { recursive: true })
  const { best = 'epoch-0002' } = (await RunFolder.open(path)).info
  await spoil(join(path, 'checkpoints', best, 'weights.safetensors'), 'master.logits.weight')
  for (const args of [
    ['predict', path, 'shapes/val/blue <square>/0.jpg'],
    ['evaluate', path, '--data', 'shapes'],
    ['export', path, '-o', 'damaged.onnx'],
  ]) {
    const { status, err } = wsban(...args)
    t.is(status, 1, err)
    t.regex(err, /weights-damaged[^\n]* master\.logits\.weight/, args[0])
  }
  t.false(existsSync(join(folder, 'damaged.onnx')))
})

test.serial('names as long as a file system takes', (t) => {
  const data = join(folder, 'long')
  const [run, name] = ['r'.repeat(255), 'c'.repeat(255)]
  for (const split of ['train', 'val'])
    for (const [index, shape] of ['red "disc"', 'blue <square>'].entries()) {
      const to = join(data, split, `${index}${name}`.slice(0, 255))
      mkdirSync(to, { recursive: true })
      for (const file of readdirSync(join(folder, 'shapes', split, shape)))
        cpSync(join(folder, 'shapes', split, shape, file), join(to, `${'i'.repeat(250)}${file}`))
    }
  const { status, err } = wsban('train', tiny, '--data', data, '--batch', '4', '-o', run, '--epochs', '1')
  t.is(status, 0, err)
  const image = join(data, 'val', `0${name}`.slice(0, 255), `${'i'.repeat(250)}0.jpg`)
  const predicted = wsban('predict', run, image, '--heatmaps', 'seen')
  t.is(predicted.status, 0, predicted.err)
  t.is(readdirSync(join(folder, 'seen')).filter((file) => file.endsWith('.heatmap.png')).length, 1)
  const report = `${'h'.repeat(250)}.html`
  t.is(wsban('report', run, '-o', report).status, 0)
  t.true(existsSync(join(folder, report)))
})

test.serial('epochs that a run has done are not taken away by fewer', (t) => {
  const path = join(folder, 'fewer')
  cpSync(done, path, { recursive: true })
  const before = contentOf(path)
  const { status, err } = train(path, '--resume', '--epochs', '1')
  t.is(status, 2, err)
  t.regex(err, /has done 2 epochs, and --epochs 1 would take some away/)
  t.deepEqual(contentOf(path), before)
})

test.serial('images whose content changed, by one bit in the middle, are reported when a run is resumed', (t) => {
  const [data, path] = [join(folder, 'changing'), join(folder, 'changed')]
  cpSync(join(folder, 'shapes'), data, { recursive: true })
  const args = ['train', tiny, '--data', data, '--batch', '4', '-o', path, '--epochs']
  t.is(wsban(...args, '1').status, 0)
  const same = wsban(...args, '2', '--resume')
  t.is(same.status, 0, same.err)
  t.notRegex(same.err, /changed/)
  const image = join(data, 'train', 'blue <square>', '3.jpg')
  const bytes = readFileSync(image)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  writeFileSync(image, bytes)
  const changed = wsban(...args, '3', '--resume')
  t.is(changed.status, 0, changed.err)
  t.regex(changed.err, /1 of 22 images changed since the run began, first train.blue <square>.3\.jpg/)
})

test.serial('steps, time and time a step are those since a run was resumed', (t) => {
  const path = join(folder, 'counted')
  const one = wsban('train', tiny, '--data', 'shapes', '--batch', '16', '-o', path, '--epochs', '1')
  t.regex(one.out, /^trained 1 step in [\d:]+ \((?!0\.000)[\d.]+ s a step\) ·/)
  const two = wsban('train', tiny, '--data', 'shapes', '-o', path, '--epochs', '3', '--resume')
  t.regex(two.out, /^trained 2 steps in [\d:]+ \([\d.]+ s a step\), 3 in all ·/)
  const none = wsban('train', tiny, '--data', 'shapes', '-o', path, '--resume')
  t.regex(none.out, /^no steps to take; the run has 3/)
})
