import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { cacheRoot } from '../../runtime/cache_root.js'
import { engineFolder } from '../../runtime/engines/cache.js'
import { changedFile, recordFiles } from '../../runtime/engines/engine_files.js'
import { checkEngine, openEngine } from '../../runtime/engines/index.js'
import { run } from '../../runtime/engines/provision/run.js'
import { Failure } from '../../runtime/failure.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { distrust, makePrivateFolder } from '../../runtime/trusted.js'
import { freshFolder, withEnvironment } from './folders.js'

const isRoot = process.getuid?.() === 0
const withModes = process.platform === 'win32' ? test.serial.skip : test.serial

withModes('what others can write, or have made, is not trusted; what only this user can, is', (t) => {
  const folder = freshFolder(t)
  const inside = join(folder, 'a', 'b')
  mkdirSync(inside, { recursive: true })
  t.is(distrust(inside), undefined)
  chmodSync(join(folder, 'a'), 0o777)
  t.regex(distrust(inside) ?? '', /can be written by every user/)
  chmodSync(join(folder, 'a'), 0o1777)
  t.is(distrust(inside), undefined, 'a folder like /tmp')
  const link = join(folder, 'link')
  symlinkSync(join(folder, 'a'), link)
  t.is(distrust(join(link, 'b')), undefined)
  chmodSync(inside, 0o777)
  t.regex(distrust(join(link, 'b')) ?? '', /every user/)
  chmodSync(inside, 0o700)
  if (!isRoot) return
  chownSync(inside, 12345, 12345)
  t.regex(distrust(inside) ?? '', /another user \(uid 12345\)/)
})

withModes('a folder of the cache is made for this user alone, and one that a group can write is refused', async (t) => {
  withEnvironment(t, { WSBAN_CACHE: join(freshFolder(t), 'new', 'cache') })
  await makePrivateFolder(join(cacheRoot(), 'x', 'y'))
  for (const path of [cacheRoot(), join(cacheRoot(), 'x'), join(cacheRoot(), 'x', 'y')])
    t.is(statSync(path).mode & 0o777, 0o700)
  chmodSync(join(cacheRoot(), 'x'), 0o770)
  const failure = await t.throwsAsync(makePrivateFolder(join(cacheRoot(), 'x', 'y')), { instanceOf: Failure })
  t.is(failure?.problem.code, 'cache-untrusted')
  t.regex(failure?.problem.help ?? '', /WSBAN_CACHE/)
})

withModes('of a compiled model only what was written runs, and nothing from a folder open to others', async (t) => {
  withEnvironment(t, { WSBAN_CACHE: freshFolder(t) })
  const { graph, stored } = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
  if (!graph) throw new Error('it does not compile')
  await loadModel(graph, stored.entry)
  const root = join(cacheRoot(), 'compiled')
  const [key = ''] = readdirSync(root)
  const file = join(root, key, 'model.mjs')
  t.is(statSync(file).mode & 0o777, 0o600)
  const proof = join(cacheRoot(), 'was-run')
  // Already imported in this process: the loaded module does not change.
  writeFileSync(file, `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(proof)}, '')\n`)
  await loadModel(graph, stored.entry)
  t.true(statSync(file).size > 1000, 'written anew')
  t.false(existsSync(proof))
  chmodSync(join(root, key), 0o777)
  const failure = await t.throwsAsync(loadModel(graph, stored.entry), { instanceOf: Failure })
  t.is(failure?.problem.code, 'cache-untrusted')
})

withModes('an engine in the cache that others can write, or that has changed, is not loaded', async (t) => {
  withEnvironment(t, { WSBAN_CACHE: freshFolder(t) })
  const root = engineFolder('tfjs-node')
  const folder = join(root, 'node_modules', '@tensorflow', 'tfjs-node')
  mkdirSync(join(folder, 'lib', 'napi-v8'), { recursive: true, mode: 0o700 })
  const addon = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node')
  writeFileSync(addon, 'an addon')
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '4.22.0' }))
  const ready = { tensorflow: '2.16.2', cuda: false, compiler: 'g++', bytes: 1, files: recordFiles(root, [addon]) }
  writeFileSync(join(root, 'ready.json'), JSON.stringify(ready))
  writeFileSync(addon, 'AN ADDON')
  const failure = await t.throwsAsync(openEngine('tfjs-node', silent), { instanceOf: Failure })
  t.regex(failure?.message ?? '', /tfjs_binding\.node is not what was set up/)
  writeFileSync(addon, 'an addon')
  chmodSync(root, 0o777)
  const found = await checkEngine('tfjs-node')
  t.like(found, { works: false })
  t.regex(found.works ? '' : found.reason, /can be written by every user/)
})

test('a recorded file that is changed, gone or longer is reported', (t) => {
  const root = freshFolder(t)
  const [one, two] = [join(root, 'one.js'), join(root, 'two.js')]
  for (const path of [one, two]) writeFileSync(path, 'code')
  const files = recordFiles(root, [one, two, '/elsewhere.js'])
  t.is(files.length, 2)
  t.is(changedFile(root, files), undefined)
  writeFileSync(two, 'cope')
  t.is(changedFile(root, files), 'two.js')
  t.is(changedFile(root, [{ path: 'gone.js', size: 4 }]), 'gone.js')
})

test.serial(
  'programs do not run in the working directory, whose modules Python would take before its own',
  async (t) => {
    const hostile = freshFolder(t)
    const proof = join(hostile, 'was-run')
    for (const name of ['json.py', 'pip.py', 'importlib.py'])
      writeFileSync(join(hostile, name), `open(${JSON.stringify(proof)}, "w")\n`)
    const before = process.cwd()
    t.teardown(() => process.chdir(before))
    process.chdir(hostile)
    const asked = await run('python3', ['-c', 'import json; print(json.dumps(1))'])
    await run('python3', ['-m', 'pip', '--version'])
    if (asked.missing) t.log('skipped: no python3 here')
    else t.is(asked.output.trim(), '1')
    t.false(existsSync(proof))
  },
)
