import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { preloadedLibrary, sources } from '../sanitizers/build.js'

/** A selection of workloads; `npm run test:sanitizers -- failures` runs all of them, with training steps. */
const works = 'batchNorm 1,maxPoolGradient 1,optimizerStep 1'

test('every failed allocation is reported as out of memory, and the next computation is right', async (t) => {
  if (process.platform !== 'linux') {
    t.log('skipped: the failing allocator is loaded by LD_PRELOAD')
    return t.pass()
  }
  const folder = mkdtempSync(join(tmpdir(), 'wsban-failures-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const control = join(folder, 'control')
  writeFileSync(control, Buffer.alloc(40))
  const library = await preloadedLibrary(join(sources, 'fail_malloc.cc'), 'fail_malloc')
  const args = ['--import=tsx', join(sources, 'failures_worker.ts'), '100000', '0', '0', works]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: packageRoot(),
    encoding: 'utf8',
    env: { ...process.env, LD_PRELOAD: library, WSBAN_FAIL_CONTROL: control },
    maxBuffer: 1e8,
  })
  t.is(status, 0, stderr)
  t.true(stdout.endsWith('{"done":true}\n'), stderr)
  t.deepEqual(stdout.match(/^.*"finding".*$/gm) ?? [], [])
  t.true((stdout.match(/"failed":1/g) ?? []).length > 100)
})
