import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'
import { afterAWhile, until } from '../support/waiting.js'

/** Sends a signal repeatedly while the process runs: further signals before the first is handled count as the same request. */
async function signalUntilEnded(ended: Promise<unknown>, send: () => void): Promise<void> {
  do send()
  while ((await afterAWhile(ended, 500)) === undefined)
}

/** Whether a process of the job sleeps, as the shell beside it does as soon as it listens. */
function sleepsIn(job: number): boolean {
  const lines = execFileSync('ps', ['-eo', 'pgid,args'], { encoding: 'utf8' }).split('\n')
  return lines.some((line) => new RegExp(`^\\s*${job}\\s+sleep`).test(line))
}

/** A process that handles no signals, as during a step. */
const deaf = `
import { watchTerminal } from ${JSON.stringify(pathToFileURL(join(packageRoot(), 'runtime', 'training', 'interrupt.ts')).href)}
process.on('SIGINT', () => {})
watchTerminal()
setImmediate(() => { process.stdout.write('deaf'); for (;;); })
`

test('a second Ctrl-C ends even what does not listen, a first one does not', async (t) => {
  if (process.platform === 'win32') {
    t.pass('there is no sh')
    return
  }
  const args = ['--import=tsx', '--input-type=module', '-e', deaf]
  // A separate job, as in a terminal: Ctrl-C also reaches the shell in it.
  const child = spawn(process.execPath, args, {
    cwd: packageRoot(),
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const job = child.pid ?? 0
  const ended = new Promise<NodeJS.Signals | null>((settle) => child.on('close', (_, signal) => settle(signal)))
  await new Promise((settle) => child.stdout.once('data', settle))
  await until('the shell listens and sleeps', () => sleepsIn(job))
  process.kill(-job, 'SIGINT')
  t.is(await afterAWhile(ended, 1500), undefined)
  await signalUntilEnded(ended, () => process.kill(-job, 'SIGINT'))
  t.is(await ended, 'SIGKILL')
})

/** The same with the native engine, whose addon hears what JavaScript does not; no terminal, no shell. */
const computing = `
import { openEngine } from ${JSON.stringify(pathToFileURL(join(packageRoot(), 'runtime', 'engines', 'index.ts')).href)}
import { listenForInterrupt } from ${JSON.stringify(pathToFileURL(join(packageRoot(), 'runtime', 'training', 'interrupt.ts')).href)}
const silent = { say() {}, warn() {}, progress() {} }
await openEngine('tfjs-node', silent)
listenForInterrupt(silent)
process.stdout.write('computing')
setImmediate(() => { for (;;); })
`

for (const signals of [
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
] as const)
  test(`while the native engine computes ${signals.join(' and ')} end it with 130`, async (t) => {
    const { openEngine } = await import('../../runtime/engines/index.js')
    const { currentNativeBackend } = await import('../../runtime/engines/native_parts.js')
    const { silent } = await import('../../runtime/reporter.js')
    await openEngine('tfjs-node', silent).catch(() => {})
    if (!currentNativeBackend()?.binding.exitOnRepeatedSignal) {
      t.log('skipped: wsban setup makes the engine that is tested here')
      return t.pass()
    }
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', computing], {
      cwd: packageRoot(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise<unknown>((settle) => child.on('close', (code, signal) => settle(signal ?? code)))
    await new Promise((settle) => child.stdout.once('data', settle))
    child.kill(signals[0])
    t.is(await afterAWhile(ended, 500), undefined)
    await signalUntilEnded(ended, () => child.kill(signals[1]))
    t.is(await ended, 130)
  })
