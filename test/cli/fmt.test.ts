import { spawnSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { json, main, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-fmt-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const untidy = 'block b(x){ a=f( x )\n longer = g(a) // why\n\n\n return longer}'
const tidy = 'block b(x) {\n  a      = f(x)\n  longer = g(a)  // why\n\n  return longer\n}\n'

test.serial('--check names what would change and leaves it; without it the file is written', (t) => {
  const path = join(folder, 'a.wsban')
  writeFileSync(path, untidy)
  writeFileSync(join(folder, 'b.wsban'), tidy)
  const checked = wsban('fmt', '--check', 'a.wsban', 'b.wsban')
  t.deepEqual([checked.status, checked.out], [1, 'a.wsban\n'])
  t.is(readFileSync(path, 'utf8'), untidy)

  t.is(wsban('fmt', 'a.wsban', 'b.wsban').status, 0)
  t.is(readFileSync(path, 'utf8'), tidy)
  t.is(wsban('fmt', '--check', 'a.wsban').status, 0)
  t.deepEqual(readdirSync(folder).sort(), ['a.wsban', 'b.wsban'])
})

test.serial('a file that is a link is written where it leads, and stays a link', (t) => {
  const target = join(folder, 'target.wsban')
  const link = join(folder, 'link.wsban')
  writeFileSync(target, untidy)
  symlinkSync('target.wsban', link)
  t.is(wsban('fmt', 'link.wsban').status, 0)
  t.true(lstatSync(link).isSymbolicLink())
  t.is(readFileSync(target, 'utf8'), tidy)
})

test.serial('a file with a syntax error is formatted around it, and the command ends with 1', (t) => {
  const path = join(folder, 'wrong.wsban')
  writeFileSync(path, 'block b(x) {\n  a=f(x)\n  c = f( x\n  return c\n}\n')
  const result = wsban('fmt', 'wrong.wsban', '--json')
  t.is(result.status, 1)
  t.deepEqual(json(result), { ok: false, files: [{ file: 'wrong.wsban', changed: true, errors: 1 }] })
  t.regex(result.err, /unexpected-token/)
  t.is(readFileSync(path, 'utf8'), 'block b(x) {\n  a = f(x)\n  c = f( x\n  return c\n}\n')
})

test.serial('--stdin writes the result to standard output alone', (t) => {
  const { status, stdout } = spawnSync(process.execPath, [main, 'fmt', '--stdin'], { input: untidy, encoding: 'utf8' })
  t.deepEqual([status, stdout], [0, tidy])
  t.is(wsban('fmt').status, 2)
})
