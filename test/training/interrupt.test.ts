import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { packageRoot } from '../../runtime/package-root.js'

/** A process that hears nothing, as one within a step. */
const deaf = `
import { watchTerminal } from ${JSON.stringify(pathToFileURL(join(packageRoot(), 'runtime', 'training', 'interrupt.ts')).href)}
process.on('SIGINT', () => {})
watchTerminal()
setTimeout(() => { process.stdout.write('deaf'); for (;;); }, 1000)
`

test('a second Ctrl-C ends even what does not listen, a first one does not', async (t) => {
  if (process.platform === 'win32') {
    t.pass('there is no sh')
    return
  }
  const args = ['--import=tsx', '--input-type=module', '-e', deaf]
  // A job of its own, as a terminal's: Ctrl-C reaches the shell beside it, too.
  const child = spawn(process.execPath, args, {
    cwd: packageRoot(),
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const job = child.pid ?? 0
  const ended = new Promise<NodeJS.Signals | null>((settle) => child.on('close', (_, signal) => settle(signal)))
  await new Promise((settle) => child.stdout.once('data', settle))
  process.kill(-job, 'SIGINT')
  t.is(await Promise.race([ended, pause(1500, 'lives')]), 'lives')
  process.kill(-job, 'SIGINT')
  t.is(await ended, 'SIGKILL')
})
