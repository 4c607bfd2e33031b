import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { makeFolder } from '../../runtime/files.js'
import { tryLock, withLock } from '../../runtime/lock.js'
import { packageRoot } from '../../runtime/package_root.js'
import { afterAWhile, until } from '../support/waiting.js'

async function inFolder(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wsban lock '))
  try {
    await work(join(folder, 'some', 'engine.lock'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('the lock is gone when the work is done, and when it fails', (t) =>
  inFolder(async (file) => {
    t.is(
      await withLock(
        file,
        () => t.fail('there is no other holder'),
        async () => (existsSync(file) ? 'locked' : 'open'),
      ),
      'locked',
    )
    t.false(existsSync(file))
    await t.throwsAsync(
      withLock(
        file,
        () => {},
        () => Promise.reject(new Error('no')),
      ),
    )
    t.false(existsSync(file))
  }))

test('a lock of a process that died is taken over', (t) =>
  inFolder(async (file) => {
    await withLock(
      file,
      () => {},
      async () => {},
    )
    // No process has the largest number there is.
    await writeFile(file, JSON.stringify({ process: 2 ** 22 + 1, host: hostname() }))
    t.is(
      await withLock(
        file,
        () => t.fail('a dead process is not waited for'),
        async () => 'done',
      ),
      'done',
    )
  }))

test('a lock that was not touched for a long time is taken over, wherever its process was', (t) =>
  inFolder(async (file) => {
    await withLock(
      file,
      () => {},
      async () => {},
    )
    await writeFile(file, JSON.stringify({ process: 1, host: 'another machine' }))
    const old = new Date(Date.now() - 3_600_000)
    await utimes(file, old, old)
    t.is(
      await withLock(
        file,
        () => {},
        async () => 'done',
      ),
      'done',
    )
  }))

test('a living holder is waited for, and reported once', (t) =>
  inFolder(async (file) => {
    await withLock(
      file,
      () => {},
      async () => {},
    )
    await writeFile(file, JSON.stringify({ process: 1, host: 'another machine' }))
    const reported: string[] = []
    const waiting = withLock(
      file,
      (holder) => reported.push(holder),
      async () => 'done',
    )
    await until('the holder is reported', () => reported.length > 0)
    // The lock is tried every half second.
    t.is(await afterAWhile(waiting, 1200), undefined)
    t.deepEqual(reported, ['process 1 on another machine'])
    await rm(file)
    t.is(await waiting, 'done')
  }))

test('of many processes that find the lock of a dead one, one takes it over', (t) =>
  inFolder(async (file) => {
    await makeFolder(dirname(file))
    await writeFile(file, JSON.stringify({ process: 2 ** 22 + 1, host: hostname() }))
    const contender = join(packageRoot(), 'test', 'runs', 'lock_contender.ts')
    const [processes, times] = [6, 30]
    const said = await Promise.all(
      Array.from({ length: processes }, () =>
        promisify(execFile)(process.execPath, ['--import=tsx', contender, file, String(times)], { cwd: packageRoot() }),
      ),
    )
    for (const { stdout } of said) t.is(stdout, `had ${times}\n`)
    t.deepEqual(readdirSync(dirname(file)), ['engine.lock'], 'nothing else is left')
  }))

test('a claim to a dead process’s lock whose own process died does not stand in the way', (t) =>
  inFolder(async (file) => {
    await makeFolder(dirname(file))
    const dead = (token: string) => JSON.stringify({ process: 2 ** 22 + 1, host: hostname(), token })
    await writeFile(file, dead('holder'))
    await writeFile(`${file}.${createHash('sha256').update(dead('holder')).digest('hex').slice(0, 16)}`, dead('claim'))
    const lock = await tryLock(file)
    if (!('release' in lock)) return t.fail(lock.holder)
    t.deepEqual(readdirSync(dirname(file)), ['engine.lock'])
    await lock.release()
    t.deepEqual(readdirSync(dirname(file)), [])
  }))

test('a file that is not a lock is not taken over', (t) =>
  inFolder(async (file) => {
    await makeFolder(dirname(file))
    await writeFile(file, 'my notes')
    t.true('holder' in (await tryLock(file)))
    t.is(readFileSync(file, 'utf8'), 'my notes')
  }))
