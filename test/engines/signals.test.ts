import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { until } from '../support/waiting.js'

/** The bits of SIGINT, SIGTERM and SIGWINCH in a signal mask. */
const signalBits = [2, 15, 28].map((number) => 1n << BigInt(number - 1))

function blocked(status: string): boolean[] {
  const mask = BigInt(`0x${/^SigBlk:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? 0}`)
  return signalBits.map((bit) => (mask & bit) !== 0n)
}

test('the thread that computes blocks signals, and Node still handles them', async (t) => {
  if (process.platform !== 'linux') {
    t.log('skipped: signal masks are read from /proc')
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
  t.deepEqual(blocked(child.stdout), [false, false, false], 'child processes do not block them')
})
