import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { main, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-telemetry-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('ONNX Runtime runs without its telemetry, which crashes on a long command line', (t) => {
  const spec = join(packageRoot(), 'models', 'baseline_tiny.wsban')
  t.is(wsbanIn(folder)('export', spec, '-o', 'model.onnx', '--no-check').status, 0)
  const missing = Array.from({ length: 3000 }, (_, number) => `missing-${number}.jpg`)
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env
  const { status, signal, stderr } = spawnSync(process.execPath, [main, 'predict', 'model.onnx', ...missing], {
    cwd: folder,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  t.deepEqual({ status, signal }, { status: 1, signal: null })
  t.is(stderr.match(/cannot read the image/g)?.length, missing.length)
})
