import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'

test('the example of the compiler runs', (t) => {
  const page = readFileSync(join(packageRoot(), 'docs', 'api.md'), 'utf8')
  const [, code = ''] = /```js\n(import [^\n]* from 'wsban\/compiler'[\s\S]*?)```/.exec(page) ?? []
  const entry = pathToFileURL(join(packageRoot(), 'dist', 'compiler', 'index.js')).href
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', code.replace("'wsban/compiler'", JSON.stringify(entry))],
    { encoding: 'utf8' },
  )
  t.is(status, 0, stderr)
  const [size, files, onnx] = stdout.split('\n')
  t.regex(size ?? '', /^wsban_tiny: \d+ parameters$/)
  t.is(files, "[ 'model.py', 'operations.py', 'recipe.py' ]")
  t.regex(onnx ?? '', /^\d+ parameters, \d+ operations$/)
})
