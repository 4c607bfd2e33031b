import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { until } from '../support/waiting.js'

/** SIGINT, SIGTERM and SIGWINCH, as the bits of a mask. */
const asked = [2, 15, 28].map((number) => 1n << BigInt(number - 1))

function blocked(status: string): boolean[] {
  const mask = BigInt(`0x${/^SigBlk:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? 0}`)
  return asked.map((bit) => (mask & bit) !== 0n)
}

test('signals are not taken by the thread that computes, and are heard all the same', async (t) => {
  if (process.platform !== 'linux') {
    t.log('skipped: what a thread blocks is read from /proc')
    t.pass()
    return
  }
  await openEngine('tfjs-node', silent)
  t.deepEqual(blocked(readFileSync('/proc/thread-self/status', 'utf8')), [true, true, true])
  let heard = ''
  process.once('SIGTERM', (name) => {
    heard = name
  })
  process.kill(process.pid, 'SIGTERM')
  t.is(await until('the signal comes', () => heard), 'SIGTERM')
  const child = spawnSync('cat', ['/proc/self/status'], { encoding: 'utf8' })
  t.deepEqual(blocked(child.stdout), [false, false, false], 'processes that are started take them')
})
