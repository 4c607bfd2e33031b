import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
// @ts-expect-error a script without types, which runs before there is a compiler
import { cacheRoot as cacheRootOfScripts } from '../../cli/bootstrap/cache.mjs'
import { renderDoctor, runDoctor } from '../../cli/doctor.js'
import { cacheRoot } from '../../runtime/cache_root.js'
import { setupNative } from '../../runtime/engines/index.js'
import { requireCompiler } from '../../runtime/engines/provision/compile.js'
import { requirePip } from '../../runtime/engines/provision/pip.js'
import { fetchWheel } from '../../runtime/engines/provision/wheel.js'
import { type Wheel, wheelFor } from '../../runtime/engines/versions.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'
import { pythonAnswer, pythonThatSays } from './fake_python.js'
import { freshFolder, withEnvironment } from './folders.js'

/** A folder of programs that is all there is on the PATH. */
function onlyPrograms(t: ExecutionContext, programs: Readonly<Record<string, string>>): void {
  const folder = freshFolder(t)
  for (const [name, script] of Object.entries(programs)) {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }
  withEnvironment(t, { PATH: folder, CXX: undefined })
}

const content = 'all of TensorFlow'
const wheel: Wheel = {
  requirement: 'made==1.0',
  sha256: createHash('sha256').update(content).digest('hex'),
  bytes: content.length,
  platforms: ['manylinux2014_x86_64'],
}

/** A pip that writes a file of this content into the given folder. */
function pipThatBrings(text: string): string {
  return [
    'if [ "$3" = --version ]; then echo "pip 99.1 from nowhere (python 3.99)"; exit 0; fi',
    'while [ $# -gt 0 ]; do if [ "$1" = --dest ]; then dest=$2; fi; shift; done',
    `printf '%s' '${text}' > "$dest/made-1.0.whl"`,
  ].join('\n')
}

test.serial('pip hidden, compiler hidden: each is named, with what gets it, before anything is fetched', async (t) => {
  withEnvironment(t, { WSBAN_CACHE: freshFolder(t) })
  onlyPrograms(t, {})
  const noPip = await t.throwsAsync(requirePip(), { instanceOf: Failure })
  t.is(noPip?.problem.code, 'pip-missing')
  const noCompiler = await t.throwsAsync(requireCompiler(), { instanceOf: Failure })
  t.is(noCompiler?.problem.code, 'compiler-missing')
  if (wheelFor('tfjs-node') === undefined) return
  const refused = await t.throwsAsync(setupNative({ gpu: false, reporter: silent }), { instanceOf: Failure })
  t.regex(refused?.problem.code ?? '', /^(pip|compiler)-missing$/)
  t.deepEqual(
    readdirSync(join(cacheRoot(), 'engines')).filter((name) => name.endsWith('.lock')),
    [],
  )
})

test.serial('the wheel is fetched once, and kept until it is used', async (t) => {
  onlyPrograms(t, { python3: pipThatBrings(content) })
  const folder = join(freshFolder(t), 'downloads')
  const file = await fetchWheel(wheel, folder, silent)
  t.is(file, join(folder, 'made-1.0.whl'))
  onlyPrograms(t, {})
  t.is(await fetchWheel(wheel, folder, silent), file, 'no pip is needed for a file that is there')
})

test.serial('half a wheel from an earlier attempt is not taken for one', async (t) => {
  onlyPrograms(t, { python3: pipThatBrings(content) })
  const folder = join(freshFolder(t), 'downloads')
  mkdirSync(folder)
  writeFileSync(join(folder, 'made-1.0-left.whl'), content.slice(0, 5))
  t.is(await fetchWheel(wheel, folder, silent), join(folder, 'made-1.0.whl'))
  t.false(existsSync(join(folder, 'made-1.0-left.whl')))
})

test.serial('a wheel with another hash is refused', async (t) => {
  onlyPrograms(t, { python3: pipThatBrings(content.toUpperCase()) })
  const folder = join(freshFolder(t), 'downloads')
  const failure = await t.throwsAsync(fetchWheel(wheel, folder, silent), { instanceOf: Failure })
  t.is(failure?.problem.code, 'wheel-download-failed')
  t.false(existsSync(join(folder, 'made-1.0.whl')))
})

test.serial('pip that fails: its own words are in the message', async (t) => {
  onlyPrograms(t, {
    python3:
      'if [ "$3" = --version ]; then echo "pip 99.1 from nowhere"; exit 0; fi; echo "ERROR: no such distribution" >&2; exit 1',
  })
  const failure = await t.throwsAsync(fetchWheel(wheel, join(freshFolder(t), 'downloads'), silent), {
    instanceOf: Failure,
  })
  t.regex(failure?.message ?? '', /pip 99\.1 could not fetch made==1\.0 .*no such distribution/)
})

test('there is a wheel for Linux on both processors, and none for others', (t) => {
  t.regex(wheelFor('tfjs-node', 'linux', 'x64')?.requirement ?? '', /^tensorflow-cpu==/)
  t.regex(wheelFor('tfjs-node', 'linux', 'arm64')?.requirement ?? '', /^tensorflow==/)
  t.regex(wheelFor('tfjs-node-gpu', 'linux', 'x64')?.requirement ?? '', /^tensorflow==/)
  t.is(wheelFor('tfjs-node', 'win32', 'x64'), undefined)
  t.is(wheelFor('tfjs-node-gpu', 'linux', 'arm64'), undefined)
})

test.serial('the cache is where the environment says', (t) => {
  withEnvironment(t, { WSBAN_CACHE: '/one', XDG_CACHE_HOME: '/two' })
  t.is(cacheRoot(), '/one')
  withEnvironment(t, { WSBAN_CACHE: undefined })
  t.is(cacheRoot(), '/two/wsban')
})

test.serial('scripts that run before a build have the same cache', (t) => {
  for (const variables of [{ WSBAN_CACHE: 'here' }, { XDG_CACHE_HOME: '/two' }, {}]) {
    withEnvironment(t, { WSBAN_CACHE: undefined, XDG_CACHE_HOME: undefined, ...variables })
    t.is(cacheRootOfScripts(), cacheRoot())
  }
})

test.serial('doctor: nothing but Node is enough, and one command makes it fast', async (t) => {
  withEnvironment(t, { WSBAN_CACHE: join(freshFolder(t), 'not made yet'), WSBAN_PYTHON: undefined })
  onlyPrograms(t, {})
  const diagnosis = await runDoctor()
  t.true(diagnosis.ok)
  const health = Object.fromEntries(diagnosis.findings.map((finding) => [finding.name, finding.health]))
  t.like(health, {
    pip: 'spare',
    npm: 'spare',
    'C++ compiler': 'spare',
    'tfjs-node': 'spare',
    wasm: 'good',
    pytorch: 'spare',
    sharp: 'good',
  })
  if (wheelFor('tfjs-node') !== undefined) t.regex(diagnosis.mend ?? '', /wsban setup$/)
  t.regex(renderDoctor(diagnosis.findings), /5 to 15 times faster training, run: .*wsban setup$/)
  t.false(existsSync(cacheRoot()), 'looking makes nothing')
})

test.serial('doctor: PyTorch is reported, and never counts as missing', async (t) => {
  withEnvironment(t, { WSBAN_CACHE: join(freshFolder(t), 'not made yet'), WSBAN_PYTHON: undefined })
  onlyPrograms(t, {})
  const pytorch = async () => {
    const { findings, mend } = await runDoctor()
    t.notRegex(mend ?? '', /pytorch/)
    return findings.find(({ name }) => name === 'pytorch')
  }
  t.regex((await pytorch())?.detail ?? '', /^there is no Python with PyTorch; create one with wsban setup pytorch/)
  const devices = [{ label: 'cpu' }, { label: 'cuda:0 Some Card' }, { label: 'cuda:1', broken: 'no kernel' }]
  const python = pythonThatSays(t, pythonAnswer({ devices }))
  // Its script needs the system's own programs.
  withEnvironment(t, { WSBAN_PYTHON: python, PATH: `${process.env.PATH}:/bin` })
  t.like(await pytorch(), {
    health: 'good',
    detail: `2.9.1+cpu, torchvision 0.24.1, safetensors 0.6.2, on cpu and cuda:0 Some Card; not on cuda:1: no kernel, in ${python}`,
  })
  withEnvironment(t, { WSBAN_PYTHON: join(python, 'no') })
  t.like(await pytorch(), { health: 'spare' })
})
