import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { entriesOf } from '../../runtime/data/walk.js'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package_root.js'
import { readCheckpointFolder } from '../../runtime/runs/checkpoint.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-damaged-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const { stored } = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
const sound = {
  wsban: '0.1.0',
  model: 'm',
  spec: stored,
  classes: ['a'],
  data: 'd',
  seed: 1,
  epochs: 2,
  batch: 4,
  engine: 'wasm',
  last: 'epoch-0001',
}

async function opened(info: unknown): Promise<RunFolder> {
  const run = mkdtempSync(join(folder, 'run-'))
  writeFileSync(join(run, 'run.json'), JSON.stringify(info))
  return RunFolder.open(run)
}

test('a run is read as it was written', async (t) => {
  const run = await opened(sound)
  t.is(run.info.batch, 4)
  t.regex(run.weightsPath(), /checkpoints.epoch-0001.weights\.safetensors$/)
})

const wrong: Readonly<Record<string, readonly unknown[]>> = {
  batch: [0, -1, 1.5, 1e300, 'four', null, [], 2 ** 31],
  epochs: [0, -3, 0.5, '2', null],
  seed: [-1, 0.5, 2 ** 60, 'x', null],
  keep: [-1, 0.5, 'x'],
  saveEvery: [-1, 'x'],
  classes: [[], [1], 'a', null, {}],
  last: ['../../elsewhere', '/etc', 'epoch-0001/../..', '', 'lock', 1],
  best: ['..', 'constructor'],
  kept: [['../x'], 'epoch-0001'],
  spec: [null, {}, { ...stored, entry: 'constructor' }, { ...stored, entry: '__proto__' }, { ...stored, files: [] }],
}

for (const [field, values] of Object.entries(wrong))
  test(`a run whose ${field} is wrong is refused`, async (t) => {
    for (const value of values) {
      const error = await t.throwsAsync(
        opened({ ...sound, [field]: value }),
        { instanceOf: Failure },
        JSON.stringify(value),
      )
      t.is(error?.problem.code, 'run-unreadable')
    }
  })

test('a checkpoint whose state is wrong is refused', async (t) => {
  const place = join(folder, 'epoch-0001')
  const state = { epoch: 1, step: 3, optimizerSteps: 3, logBytes: 10 }
  for (const file of ['weights', 'optimizer'])
    await writeSafetensors(join(place, `${file}.safetensors`), { tensors: new Map(), metadata: {} })
  for (const [field, value] of [
    ['epoch', -1],
    ['step', 1.5],
    ['logBytes', -5],
    ['optimizerSteps', '3'],
    ['position', null],
    ['began', { w: -1 }],
  ] as const) {
    writeFileSync(join(place, 'state.json'), JSON.stringify({ ...state, [field]: value }))
    const error = await t.throwsAsync(readCheckpointFolder(place), { instanceOf: Failure }, field)
    t.is(error?.problem.code, 'run-unreadable')
  }
})

/** A test that needs Linux: file names of arbitrary bytes, and `ulimit`. It is skipped elsewhere. */
function onLinux(title: string, run: (t: ExecutionContext) => void | Promise<void>): void {
  test(title, (t) => {
    if (process.platform === 'linux') return run(t)
    t.log('skipped: it needs Linux')
    t.pass()
  })
}

onLinux('names that are not UTF-8 are refused with their bytes, of folders and of files', async (t) => {
  for (const kind of ['folder', 'file'] as const) {
    const root = Buffer.from(mkdtempSync(join(folder, 'names-')))
    const name = Buffer.concat([root, Buffer.from('/caf\u00e9', 'latin1')])
    if (kind === 'folder') mkdirSync(name)
    else writeFileSync(name, '')
    const error = await t.throwsAsync(entriesOf(root.toString()), { instanceOf: Failure })
    t.is(error?.problem.code, 'data-unreadable')
    t.regex(error?.message ?? '', /not UTF-8 \(bytes 636166e9\)/)
  }
  const sign = mkdtempSync(join(folder, 'sign-'))
  mkdirSync(join(sign, 'a\ufffdb'))
  t.deepEqual((await entriesOf(sign)).folders, ['a\ufffdb'])
})

onLinux('with few file descriptors a command does its work or names the limit', (t) => {
  const spec = join(packageRoot(), 'models', 'wsban_tiny.wsban')
  // The built program: from source Node opens more files before it runs ours.
  const built = join(packageRoot(), 'dist', 'cli', 'main.js')
  const { NODE_OPTIONS: _, ...env } = process.env
  for (const limit of [24, 28, 32, 40])
    for (const args of [
      ['check', spec],
      ['export', spec, '-o', join(folder, 'm.onnx')],
      ['explain', 'relu'],
      ['predict', join(folder, 'none.onnx'), join(folder, 'none.jpg')],
    ]) {
      const script = `ulimit -n ${limit}; exec "$@"`
      const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', process.execPath, built, ...args], {
        encoding: 'utf8',
        env,
      })
      const refused = /^error\[(system-refused|onnx-unreadable)\]: .*\n +help: /m.test(stderr)
      t.true(status === 0 || (status === 1 && refused), `${limit} ${args[0]}: ${stderr}`)
      t.notRegex(stderr, /node:internal/, `${limit} ${args[0]}`)
    }
})

test('a list of 40,000 columns and specs of 10,000 unknown names are answered', (t) => {
  const wsban = wsbanIn(folder)
  const columns = Array.from({ length: 40_000 }, (_, i) => `c${i}`)
  const list = join(folder, 'wide.csv')
  writeFileSync(list, `path,label,${columns.join()}\na.jpg,a,${columns.join()}\n`)
  t.is(wsban('data', 'inspect', list).status, 1)
  const lines = Array.from({ length: 10_000 }, (_, i) => `  a${i} = unknown_${i}`)
  const spec = join(folder, 'many.wsban')
  const text = `model m(classes = 3) {\n  input image: Image[3, 8, 8]\n${lines.join('\n')}\n}\n`
  writeFileSync(spec, text)
  const { status, err } = wsban('check', spec)
  t.is(status, 1)
  t.is(
    err.match(/error\[unknown-name\]/g)?.length,
    200 - (err.match(/(error|warning)\[(?!unknown-name)/g)?.length ?? 0),
  )
  t.regex(err, /and \d+ more; --json lists all of them/)
  t.is(wsban('fmt', '--check', spec).status, 1)
  t.is(readFileSync(spec, 'utf8'), text)
})
