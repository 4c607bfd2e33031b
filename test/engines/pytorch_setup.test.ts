import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { cacheRoot } from '../../runtime/cache_root.js'
import { requireSpace } from '../../runtime/engines/provision/space.js'
import { Failure } from '../../runtime/failure.js'
import { findPytorch } from '../../runtime/pytorch/environment.js'
import { pythonIn, pytorchFolder } from '../../runtime/pytorch/environment_folder.js'
import { setupPytorch } from '../../runtime/pytorch/install.js'
import { planFor } from '../../runtime/pytorch/plan.js'
import { silent } from '../../runtime/reporter.js'
import { pythonAnswer, pythonThatSays } from './fake_python.js'
import { freshFolder, withEnvironment } from './folders.js'

interface Fakes {
  /** The probe output of the system's Python. */
  readonly base?: string
  /** Shell for `pip index versions torch` and `pip install`. */
  readonly index?: string
  readonly install?: string
  /** The probe output of the environment. */
  readonly answer?: string
}

/** Simulates a machine with a python3 that creates environments from a shell script, and an empty cache. Returns the log of the calls of pip. */
function fakeMachine(t: ExecutionContext, fakes: Fakes = {}): string {
  const programs = freshFolder(t)
  const asked = join(programs, 'asked')
  const write = (name: string, script: string) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(programs, name), 0o755)
  }
  write(
    'environment',
    [
      'case "$1 $2 $3" in',
      `'-m pip index') ${fakes.index ?? 'echo "torch (2.9.1+cpu)"'} ;;`,
      `'-m pip install') echo "$@" >> '${asked}'; echo big > "$TMPDIR/fetched"; ${fakes.install ?? 'true'} ;;`,
      `'-c '*) cat <<'END'\n${fakes.answer ?? pythonAnswer()}\nEND\n;;`,
      'esac',
    ].join('\n'),
  )
  write(
    'python3',
    [
      'case "$1 $2" in',
      `'-c '*) echo '${fakes.base ?? '{"version": "3.12.1", "lacks": []}'}' ;;`,
      `'-m venv') mkdir -p "$3/bin" && cp '${programs}/environment' "$3/bin/python" ;;`,
      'esac',
    ].join('\n'),
  )
  withEnvironment(t, { WSBAN_CACHE: join(freshFolder(t), 'cache'), WSBAN_PYTHON: undefined })
  withEnvironment(t, { PATH: `${programs}:/usr/bin:/bin` })
  return asked
}

function setup(gpu = false, said: string[] = []) {
  return setupPytorch({ gpu, reporter: { ...silent, say: (line) => said.push(line) } })
}

async function problemOf(t: ExecutionContext, work: Promise<unknown>) {
  const failure = await t.throwsAsync(work, { instanceOf: Failure })
  return { code: failure?.problem.code, message: failure?.message ?? '', help: failure?.problem.help ?? '' }
}

test.serial('an environment is made once, tried, and found from then on', async (t) => {
  const asked = fakeMachine(t)
  const said: string[] = []
  const made = await setup(false, said)
  t.like(made, { engine: 'pytorch', place: 'cache', already: false, gpu: false, torch: '2.9.1+cpu' })
  t.is(made.python, pythonIn(pytorchFolder()))
  t.regex(said.join('\n'), /^PyTorch 2\.9\.1\+cpu comes into .*: some 1\.2 GB$/)
  t.regex(readFileSync(asked, 'utf8'), /torch>=2\.4 torchvision>=0\.19 safetensors>=0\.4\n$/)
  t.deepEqual(readdirSync(pytorchFolder()).sort(), ['bin', 'ready.json'], 'what was fetched is gone')
  t.like(await findPytorch(), { python: made.python })
  t.like(await setup(), { already: true, bytes: made.bytes ?? 0 })
  t.is(readFileSync(asked, 'utf8').trim().split('\n').length, 1, 'pip was asked once')
})

test.serial('half of one, and one that works no more, are made anew', async (t) => {
  fakeMachine(t)
  mkdirSync(pytorchFolder(), { recursive: true })
  writeFileSync(join(pytorchFolder(), 'half'), '')
  t.false((await setup()).already)
  t.false(existsSync(join(pytorchFolder(), 'half')))
  writeFileSync(pythonIn(pytorchFolder()), '#!/bin/sh\nexit 1\n')
  t.false((await setup()).already)
  t.true((await setup()).already)
})

test.serial('pip that fails: its own words, and nothing half made stays', async (t) => {
  for (const [fakes, code, words] of [
    [
      { index: 'echo "ERROR: No matching distribution found for torch" >&2; exit 1' },
      'pytorch-not-offered',
      /No matching/,
    ],
    [
      { install: 'echo "ERROR: No space left on device" >&2; exit 1' },
      'pytorch-not-installed',
      /No space left on device$/,
    ],
    [{ answer: pythonAnswer({ devices: [] }) }, 'pytorch-does-not-work', /does not compute/],
  ] as const) {
    fakeMachine(t, fakes)
    const problem = await problemOf(t, setup())
    t.is(problem.code, code)
    t.regex(problem.message, words)
    t.deepEqual(readdirSync(cacheRoot()), [])
  }
})

test.serial('no Python, or one without venv: the command that gets it, before anything is made', async (t) => {
  fakeMachine(t, { base: '{"version": "3.12.1", "lacks": ["ensurepip"]}' })
  // The system's own Python would be sufficient.
  withEnvironment(t, { PATH: process.env.PATH?.split(':')[0] })
  const incomplete = await problemOf(t, setup())
  t.is(incomplete.code, 'venv-missing')
  t.regex(incomplete.message, /python3 \(3\.12\.1\) has no ensurepip$/)
  if (existsSync('/usr/bin/apt-get'))
    t.regex(incomplete.help, /apt-get install -y python3-venv, then run the command again/)
  withEnvironment(t, { PATH: freshFolder(t) })
  t.is((await problemOf(t, setup())).code, 'python-missing')
  t.false(existsSync(pytorchFolder()))
})

test.serial('--gpu wants a card: without one it says so, and the environment stays', async (t) => {
  fakeMachine(t)
  const none = await problemOf(t, setup(true))
  t.is(none.code, 'no-graphics-card')
  t.regex(none.message, /finds no usable GPU \(it is a build for processors\)$/)
  t.true((await setup()).already)
  const card = [{ label: 'cpu' }, { label: 'cuda:0 Old Card', broken: 'RuntimeError: no kernel image' }]
  withEnvironment(t, { WSBAN_PYTHON: pythonThatSays(t, pythonAnswer({ devices: card })) })
  t.regex((await problemOf(t, setup(true))).message, /cuda:0 Old Card: RuntimeError: no kernel image\)$/)
  const devices = [{ label: 'cpu' }, { label: 'cuda:0 New Card' }]
  withEnvironment(t, { WSBAN_PYTHON: pythonThatSays(t, pythonAnswer({ devices })) })
  t.like(await setup(true), { gpu: true, already: true, place: 'WSBAN_PYTHON' })
})

test.serial('where WSBAN_PYTHON names one, it is tried and nothing is made', async (t) => {
  fakeMachine(t)
  withEnvironment(t, { WSBAN_PYTHON: pythonThatSays(t, pythonAnswer({ packages: {} })) })
  t.is((await problemOf(t, setup())).code, 'pytorch-missing')
  t.false(existsSync(cacheRoot()))
})

test('how much comes is known from the build that pip offers', (t) => {
  t.true(planFor('2.15.0', 'linux').cards)
  t.true(planFor('2.15.0+cu132', 'win32').cards)
  t.true(planFor('2.15.0+rocm7.0', 'linux').cards)
  t.true(planFor(undefined, 'linux').cards, 'a pip that does not say')
  for (const [torch, platform] of [
    ['2.15.0+cpu', 'linux'],
    ['2.15.0', 'darwin'],
    ['2.15.0', 'win32'],
  ] as const)
    t.false(planFor(torch, platform).cards, `${torch} on ${platform}`)
})

test('too little room is said before anything is fetched', async (t) => {
  const folder = freshFolder(t)
  await requireSpace(folder, 1, 'setting up PyTorch')
  const problem = await problemOf(t, requireSpace(folder, 1e18, 'setting up PyTorch'))
  t.is(problem.code, 'disk-full')
  t.regex(problem.message, /^setting up PyTorch needs 1000000000\.0 GB temporarily, and .* has .* left$/)
})
