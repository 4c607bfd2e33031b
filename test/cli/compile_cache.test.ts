import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import nodeModule from 'node:module'
import { join } from 'node:path'
import test from 'ava'
import { freshFolder } from '../engines/folders.js'
import { main } from '../support/commands.js'

const supported = Reflect.has(nodeModule, 'enableCompileCache')

function check(cache: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'check', 'baseline_tiny'], {
    encoding: 'utf8',
    env: { ...process.env, WSBAN_CACHE: cache },
  })
  return { status, stdout, stderr }
}

test('compiled code is kept in the cache folder, and only there', (t) => {
  const cache = join(freshFolder(t), 'cache')
  const first = check(cache)
  t.is(first.status, 0, first.stderr)
  t.deepEqual(check(cache), first)
  if (supported) t.true(readdirSync(join(cache, 'code'), { recursive: true }).length > 5)
})

test('a cache folder that is a file changes nothing', (t) => {
  const cache = join(freshFolder(t), 'cache')
  writeFileSync(cache, '')
  const { status, stderr } = check(cache)
  t.is(status, 0, stderr)
  t.is(stderr, '')
})

// On Windows file modes do not tell who may write to a folder.
const tested = process.platform === 'win32' ? test.skip : test
tested('no code is kept where every user can write', (t) => {
  const cache = join(freshFolder(t), 'cache')
  mkdirSync(join(cache, 'code'), { recursive: true })
  chmodSync(join(cache, 'code'), 0o777)
  t.is(check(cache).status, 0)
  t.deepEqual(readdirSync(join(cache, 'code')), [])
})
