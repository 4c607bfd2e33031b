import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { emitPytorch } from '../../compiler/targets/pytorch/emit.js'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package_root.js'
import { findPytorch, requirePytorch } from '../../runtime/pytorch/environment.js'
import { pythonIn, pytorchFolder, readyFile } from '../../runtime/pytorch/environment_folder.js'
import { isSupported, pytorchPackageNames, requirementOf } from '../../runtime/pytorch/packages.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { fakePython, pythonAnswer, pythonThatSays } from './fake_python.js'
import { freshFolder, withEnvironment } from './folders.js'

async function problemWith(t: ExecutionContext, python: string, timeoutSeconds?: number) {
  withEnvironment(t, { WSBAN_PYTHON: python })
  const options = timeoutSeconds === undefined ? {} : { timeoutSeconds }
  t.is(await findPytorch(options), undefined)
  const failure = await t.throwsAsync(requirePytorch(options), { instanceOf: Failure })
  t.is(failure?.problem.code, 'pytorch-missing')
  return { message: failure?.message ?? '', help: failure?.problem.help ?? '' }
}

test.serial('a Python with everything: its versions and devices', async (t) => {
  const devices = [
    { label: 'cpu' },
    { label: 'cuda:0 Some Card' },
    { label: 'cuda:1', broken: 'RuntimeError: no kernel image' },
  ]
  const python = pythonThatSays(t, `a package says hello\n${pythonAnswer({ devices })}`)
  withEnvironment(t, { WSBAN_PYTHON: python })
  t.deepEqual(await findPytorch(), {
    python,
    place: 'WSBAN_PYTHON',
    torch: '2.9.1+cpu',
    torchvision: '0.24.1',
    safetensors: '0.6.2',
    devices: ['cpu', 'cuda:0 Some Card'],
    unusable: ['cuda:1: RuntimeError: no kernel image'],
  })
})

test.serial('what is no Python is named, with what to set instead', async (t) => {
  const absent = await problemWith(t, join(freshFolder(t), 'python'))
  t.regex(absent.message, /^WSBAN_PYTHON names .*python, which is not there$/)
  t.regex(absent.help, /name a Python's program.*unset WSBAN_PYTHON and run wsban setup pytorch$/)
  const folder = await problemWith(t, freshFolder(t))
  t.regex(folder.message, /which is no program that may be run$/)
  const other = await problemWith(t, fakePython(t, 'echo "error: unknown flag -c" >&2; exit 2'))
  t.regex(other.message, /did not run: error: unknown flag -c$/)
  for (const garbage of ['', 'yes', '{}', '{"python": 3}', pythonAnswer().slice(0, -9)])
    t.regex((await problemWith(t, pythonThatSays(t, garbage))).message, /did not answer as a Python does$/, garbage)
})

test.serial('a Python that hangs is ended, and so is the waiting for what it began', async (t) => {
  const python = fakePython(t, 'sleep 600 &\necho $! >> "$0.began"\nwait')
  const { message } = await problemWith(t, python, 0.3)
  t.regex(message, /gave no answer within 0\.3 seconds$/)
  // On a slow machine the program may be killed before it has started its child.
  const began = existsSync(`${python}.began`) ? readFileSync(`${python}.began`, 'utf8').trim().split('\n') : []
  for (const sleeping of began) t.true(process.kill(Number(sleeping), 'SIGKILL'), 'its end was not awaited')
})

test.serial('what is missing or too old is named, with the command that brings just that', async (t) => {
  const lacking = (packages: unknown) => problemWith(t, pythonThatSays(t, pythonAnswer({ packages })))
  const [torch, torchvision, safetensors] = [{ version: '2.9.1' }, { version: '0.24.1' }, { version: '0.6.2' }]
  const none = await lacking({ torch: {}, torchvision: {}, safetensors: {} })
  t.regex(none.message, /has no torch, no torchvision, no safetensors \(it is Python 3\.12\.1\)$/)
  const some = await lacking({ torch, torchvision: {}, safetensors })
  t.regex(some.message, /has no torchvision \(/)
  t.regex(some.help, /^".*python" -m pip install "torchvision>=0\.19", or unset WSBAN_PYTHON/)
  const old = await lacking({ torch: { version: '1.13.1+cu117' }, torchvision, safetensors })
  t.regex(old.message, /has torch 1\.13\.1\+cu117, and 2\.4 or later is needed/)
  t.regex(old.help, /pip install "torch>=2\.4"/)
  const broken = await lacking({ torch, torchvision: { broken: 'RuntimeError: operator nms' }, safetensors })
  t.regex(broken.message, /has a torchvision that does not load: RuntimeError: operator nms/)
  t.notRegex(broken.help, /pip install/)
})

test.serial('a processor on which nothing is computed is no PyTorch', async (t) => {
  const devices = [{ label: 'cpu', broken: 'ArithmeticError: 17' }]
  const { message } = await problemWith(t, pythonThatSays(t, pythonAnswer({ devices })))
  t.regex(message, /does not compute: cpu: ArithmeticError: 17/)
})

test.serial('the environment in the cache is used when it is whole, and when nothing else is named', async (t) => {
  withEnvironment(t, { WSBAN_CACHE: freshFolder(t), WSBAN_PYTHON: '' })
  const failure = await t.throwsAsync(requirePytorch(), { instanceOf: Failure })
  t.is(failure?.message, 'there is no Python with PyTorch')
  t.regex(failure?.problem.help ?? '', /^create one with wsban setup pytorch/)
  const python = pythonIn(pytorchFolder())
  mkdirSync(join(python, '..'), { recursive: true })
  writeFileSync(python, `#!/bin/sh\necho '${pythonAnswer()}'\n`, { mode: 0o755 })
  t.is(await findPytorch(), undefined, 'half made: it has no stamp')
  writeFileSync(join(pytorchFolder(), readyFile), '{"bytes": 1}')
  t.like(await findPytorch(), { python, place: 'cache', torch: '2.9.1+cpu' })
  writeFileSync(python, '#!/bin/sh\nexit 1\n')
  const broken = await t.throwsAsync(requirePytorch(), { instanceOf: Failure })
  t.regex(broken?.problem.help ?? '', /recreate it with wsban setup pytorch/)
})

test('versions are compared as numbers', (t) => {
  for (const version of ['2.4.0', '2.15.0+cu132', '2.5.0a0+git1', '3.0']) t.true(isSupported('torch', version), version)
  for (const version of ['2.3.1', '1.99', '', 'unknown']) t.false(isSupported('torch', version), version)
})

test('the code that is written asks for the same packages', (t) => {
  const { graph } = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
  const files = graph ? emitPytorch(graph, { source: 'a.wsban', version: '0' }) : []
  const written = files
    .find(({ path }) => path === 'requirements.txt')
    ?.text.trim()
    .split('\n')
  t.deepEqual(written, pytorchPackageNames.map(requirementOf))
})
