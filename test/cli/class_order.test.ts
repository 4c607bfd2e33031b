import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { main, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban class order '))
const wsban = wsbanIn(folder)
const small = ['--epochs', '1', '--batch', '4', '--set', 'size=32']
const [natural, plain] = [
  ['1', '2', '10'],
  ['1', '10', '2'],
]
const question = 'The classes are numbered'
const [down, enter] = ['\u001b[B', '\r']

test.before(async () => {
  await drawShapes(join(folder, 'numbered'))
  for (const split of ['train', 'val']) {
    const inSplit = (name: string) => join(folder, 'numbered', split, name)
    renameSync(inSplit('red "disc"'), inSplit('2'))
    renameSync(inSplit('blue <square>'), inSplit('10'))
    mkdirSync(inSplit('1'))
    for (const image of ['0.jpg', '1.jpg']) cpSync(inSplit('2/').concat(image), inSplit('1/').concat(image))
  }
})
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const python = spawnSync('python3', ['-c', 'import pty'], { stdio: 'ignore' }).status === 0

function atTerminal(questions: readonly (readonly [text: string, keys: string])[], ...args: readonly string[]) {
  const terminal = join(packageRoot(), 'test', 'support', 'answering_terminal.py')
  const command = [terminal, JSON.stringify(questions), process.execPath, main, ...args]
  const { status, stdout } = spawnSync('python3', command, { cwd: folder, encoding: 'utf8' })
  return { status, out: stripVTControlCharacters(stdout) }
}

const classesOf = async (run: string) => (await RunFolder.open(join(folder, run))).info.classes

test.serial('training asks once for the order of numbered classes, and the run keeps it', async (t) => {
  if (!python) {
    t.log('skipped: it takes python3 to make a terminal')
    return t.pass()
  }
  const training = ['train', 'wsban_tiny', '--data', 'numbered', ...small]
  const asked = atTerminal([[question, `${down}${enter}`]], ...training, '-o', 'plain')
  t.is(asked.status, 0, asked.out)
  t.regex(asked.out, /By number: 1, 2, 10[\s\S]*As text: 1, 10, 2/)
  t.deepEqual(await classesOf('plain'), plain)

  const resumed = atTerminal([], 'train', '--resume', '-o', 'plain', '--epochs', '2')
  t.is(resumed.status, 0, resumed.out)
  t.false(resumed.out.includes(question))
  t.deepEqual(await classesOf('plain'), plain)

  const named = atTerminal([], ...training, '--class-order', 'plain', '-o', 'named')
  t.is(named.status, 0, named.out)
  t.false(named.out.includes(question))
  t.deepEqual(await classesOf('named'), plain)

  const cancelled = atTerminal([[question, '\u0003']], ...training, '-o', 'cancelled')
  t.is(cancelled.status, 130, cancelled.out)
  t.false(RunFolder.exists(join(folder, 'cancelled')))
})

test.serial('make asks before it proposes a model; --yes does not', async (t) => {
  if (!python) {
    t.log('skipped: it takes python3 to make a terminal')
    return t.pass()
  }
  const make = ['make', 'numbered', '--epochs', '1', '--set', 'size=32', '--no-setup']
  const asked = atTerminal(
    [
      [question, `${down}${enter}`],
      ['Train this?', enter],
    ],
    ...make,
    '-o',
    'made',
  )
  t.is(asked.status, 0, asked.out)
  t.is(asked.out.split(`◇  ${question}`).length, 2, 'asked once')
  t.deepEqual(await classesOf('made/run'), plain)

  const accepted = atTerminal([], ...make, '-o', 'accepted', '--yes')
  t.is(accepted.status, 0, accepted.out)
  t.false(accepted.out.includes(question))
  t.deepEqual(await classesOf('accepted/run'), natural)
})

test.serial('without a terminal the order is natural, and a note says so', async (t) => {
  const trained = wsban('train', 'wsban_tiny', '--data', 'numbered', ...small, '-o', 'silent')
  t.is(trained.status, 0, trained.err)
  t.regex(trained.err, /the classes are numbered, and in the order of their numbers; --class-order plain/)
  t.deepEqual(await classesOf('silent'), natural)
})
