import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { main, wsbanIn } from '../support/commands.js'
import { checkpointIn } from '../support/kills.js'
import { drawShapes } from '../support/shapes.js'
import { sharp } from '../support/sharp.js'

/** Outputs that fail before the command ends: full disks, closed pipes, closed terminals. */
const folder = mkdtempSync(join(tmpdir(), 'wsban streams '))
const wsban = wsbanIn(folder)
const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')
const training = ['train', tiny, '--data', 'shapes', '--batch', '4']

test.before(async (t) => {
  await drawShapes(join(folder, 'shapes'))
  await sharp({ create: { width: 90, height: 70, channels: 3, background: '#888' } })
    .png()
    .toFile(join(folder, 'a.png'))
  t.is(wsban(...training, '--epochs', '1', '-o', 'run').status, 0)
  t.is(wsban('export', 'run', '-o', 'run.onnx').status, 0)
})

test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const commands: readonly (readonly string[])[] = [
  ['--version'],
  ['--help'],
  ['train', '--help'],
  ['check', tiny],
  ['check', tiny, '--json'],
  ['check', 'bad.wsban', '--format', 'github'],
  ['fmt', tiny, '--check', '--json'],
  ['expand', tiny],
  ['graph', tiny],
  ['diff', tiny, tiny],
  ['explain', 'bap'],
  ['compile', tiny, '--target', 'tfjs', '-o', 'code'],
  ['init', 'project'],
  ['data', 'inspect', 'shapes'],
  ['doctor', '--json'],
  [...training, '--epochs', '1', '-o', 'full'],
  ['predict', 'run', 'a.png'],
  ['predict', 'run.onnx', 'a.png', '--json'],
  ['evaluate', 'run.onnx', '--data', 'shapes'],
  ['export', 'run', '-o', 'again.onnx'],
  ['verify', 'run.onnx', '--against', 'run'],
  ['report', 'run'],
  ['weights', 'inspect', 'run'],
  ['weights', 'pull'],
]

for (const args of commands)
  test.serial(`a full standard output: ${args.map((arg) => arg.replace(packageRoot(), '')).join(' ')}`, (t) => {
    if (!existsSync('/dev/full')) return t.pass('there is no /dev/full')
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
      cwd: folder,
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(full)
    t.true(status === 1 || status === 2, `${status} ${stderr}`)
    t.regex(stderr, /cannot write to standard output: no space is left|unreadable/)
    t.notRegex(stderr, /\n {4}at /)
  })

test.serial('a reader that ends: no message, no trace, and no images beyond those it read', async (t) => {
  const images = Array.from({ length: 200 }, () => 'a.png')
  const child = spawn(process.execPath, [main, 'predict', 'run.onnx', ...images], { cwd: folder })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdout.once('data', () => child.stdout.destroy())
  t.is(await new Promise((settle) => child.on('close', settle)), 1)
  t.is(err, '')
})

test.serial('a reader of progress that ends does not end training', async (t) => {
  const child = spawn(process.execPath, [main, ...training, '--epochs', '3', '-o', 'unread'], { cwd: folder })
  child.stdout.destroy()
  child.stderr.once('data', () => child.stderr.destroy())
  t.is(await new Promise((settle) => child.on('close', settle)), 1)
  const run = await RunFolder.open(join(folder, 'unread'))
  t.is(run.info.last, 'epoch-0003')
  t.false(existsSync(join(folder, 'unread', 'lock')))
})

test.serial('SIGHUP, however often, saves what was done; SIGPIPE changes nothing', async (t) => {
  if (process.platform === 'win32') return t.pass('there are no such signals')
  const run = join(folder, 'hangup')
  const child = spawn(process.execPath, [main, ...training, '--epochs', '200', '-o', run], { cwd: folder })
  const ended = new Promise((settle) => child.on('close', settle))
  child.stdout.resume()
  child.stderr.resume()
  const before = await checkpointIn(run, (name) => name !== 'epoch-0000')
  child.kill('SIGPIPE')
  await checkpointIn(run, (name) => name !== before)
  child.kill('SIGHUP')
  child.kill('SIGHUP')
  t.is(await ended, 130)
  t.true((await (await RunFolder.open(run)).readCheckpoint('last')).state.step > 4)
  t.false(existsSync(join(run, 'lock')))
})

const python = spawnSync('python3', ['-c', 'import pty'], { stdio: 'ignore' }).status === 0

for (const [how, code, last] of [
  ['hangup', 130, undefined],
  ['silent', 1, 'epoch-0008'],
] as const)
  test.serial(`a terminal that is closed (${how})`, async (t) => {
    if (!python) {
      t.log('skipped: it takes python3 to make a terminal')
      return t.pass()
    }
    const run = join(folder, `terminal ${how}`)
    const epochs = ['--epochs', how === 'silent' ? '8' : '200']
    const command = [process.execPath, main, ...training, ...epochs, '-o', run]
    const terminal = join(packageRoot(), 'test', 'support', 'lost_terminal.py')
    const child = spawn('python3', [terminal, join(run, 'run.json'), 'epoch-0002', how, ...command], { cwd: folder })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.resume()
    await new Promise((settle) => child.on('close', settle))
    t.is(out.trim(), String(code))
    const { info } = await RunFolder.open(run)
    if (last === undefined) t.not(info.last, 'epoch-0200')
    else t.is(info.last, last)
    t.false(existsSync(join(run, 'lock')))
  })
