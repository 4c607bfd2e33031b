/**
 * Ends a training run in every way that a machine has, again and again on the same run folder, at seeded random moments: SIGKILL, SIGHUP, a
 * reader of both outputs that is gone, a full standard output, a full disk (which takes root on Linux). After each the run must hold whole
 * checkpoints, no lock may be left where the process had time to release it, and no stack trace may be printed. Then the run is resumed to its
 * end, and its weights compared with those of a run that was never stopped. Needs dist/ (npm run build).
 *
 *   npx tsx bench/kills.ts [times of each] [engine]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { keyOf, Random } from '../compiler/random.js'
import { packageRoot } from '../runtime/package_root.js'
import { RunFolder } from '../runtime/runs/folder.js'
import { wsbanIn } from '../test/support/commands.js'
import { drawShapes } from '../test/support/shapes.js'

const times = Number(process.argv[2] ?? 10)
const engine = process.argv[3] ?? 'tfjs-node'
const folder = mkdtempSync(join(tmpdir(), 'wsban kills '))
const disk = join(folder, 'disk')
mkdirSync(disk)
const hasDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]).status === 0
const [data, run, whole] = [join(folder, 'shapes'), join(disk, 'run'), join(folder, 'whole')]
const filler = join(disk, 'filler')
const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')
const main = join(packageRoot(), 'dist', 'cli', 'main.js')
const random = new Random(keyOf(1, 'kills'))

interface Way {
  readonly name: string
  /** Exit codes and signals that are right; a run that was done before is, too. */
  readonly ends: readonly (number | string)[]
  readonly before?: () => void
  readonly stdout?: () => number | 'ignore' | 'pipe'
  readonly stop: (child: ChildProcess) => void
}

const ways: readonly Way[] = [
  { name: 'SIGKILL', ends: ['SIGKILL'], stop: (child) => child.kill('SIGKILL') },
  {
    name: 'SIGHUP',
    ends: [130, 'SIGHUP'],
    stop: (child) => {
      child.kill('SIGHUP')
      child.kill('SIGHUP')
    },
  },
  {
    name: 'closed pipes',
    ends: [130, 'SIGTERM', 1],
    stdout: () => 'pipe',
    stop: (child) => {
      child.stdout?.destroy()
      child.stderr?.destroy()
      setTimeout(() => child.kill('SIGTERM'), random.uniform(0, 500))
    },
  },
  {
    name: 'full standard output',
    ends: [130, 'SIGINT', 1],
    stdout: () => openSync('/dev/full', 'w'),
    stop: (child) => child.kill('SIGINT'),
  },
  {
    name: 'full disk',
    ends: [1, 'SIGKILL'],
    before: fillDisk,
    stop: (child) => child.kill('SIGKILL'),
  },
]

/** Leaves room for nothing, for the start, or for a few checkpoints. */
function fillDisk(): void {
  const free = Number(spawnSync('df', ['--output=avail', '-k', disk], { encoding: 'utf8' }).stdout.split('\n')[1])
  writeFileSync(filler, Buffer.alloc(Math.max(0, free - Math.floor(random.uniform(0, 2500))) * 1024))
}

async function once(way: Way, args: readonly string[]): Promise<string> {
  way.before?.()
  const resume = RunFolder.exists(run) ? ['--resume'] : []
  const child = spawn(process.execPath, [main, ...args, '-o', run, ...resume], {
    cwd: folder,
    stdio: ['ignore', way.stdout?.() ?? 'ignore', 'pipe'],
  })
  let err = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<number | string | null>((settle) =>
    child.on('exit', (code, signal) => settle(signal ?? code)),
  )
  await Promise.race([begun(child), ended])
  await Promise.race([pause(random.uniform(0, 2500)), ended])
  way.stop(child)
  const end = await ended
  rmSync(filler, { force: true })
  if (end !== 0 && !way.ends.some((one) => one === end)) throw new Error(`${way.name}: it ended with ${end}: ${err}`)
  if (/\n {4}at |This is a bug/.test(err)) throw new Error(`${way.name}: ${err}`)
  if (typeof end === 'number' && existsSync(join(run, 'lock'))) throw new Error(`${way.name}: a lock is left: ${err}`)
  return String(end)
}

/** Once it holds the lock of the run: what comes before is not training. */
async function begun(child: ChildProcess): Promise<void> {
  const lock = join(run, 'lock')
  while (child.exitCode === null && child.signalCode === null) {
    if (existsSync(lock) && readFileSync(lock, 'utf8').includes(`"process":${child.pid},`)) return
    await pause(5)
  }
}

async function stepReached(): Promise<number> {
  if (!RunFolder.exists(run)) return 0
  const opened = await RunFolder.open(run)
  await opened.readCheckpoint('best')
  return (await opened.readCheckpoint('last')).state.step
}

await drawShapes(data)
const used = ways.filter(({ before }) => !before || hasDisk)
const rounds = times * used.length
// Eight steps an epoch, and a checkpoint after nearly each: most of the time something is being written.
const options = ['--epochs', String(rounds), '--batch', '2', '--save-every', '0.0001', '--engine', engine]
const args = ['train', tiny, '--data', data, ...options]
const ends = new Map<string, Map<string, number>>(used.map(({ name }) => [name, new Map()]))
let step = 0
for (let round = 0; round < rounds; round++) {
  const way = used[round % used.length]
  if (!way) break
  const end = await once(way, args)
  const now = await stepReached()
  if (now < step) throw new Error(`${way.name}: step ${now} after step ${step}`)
  step = now
  const counts = ends.get(way.name)
  counts?.set(end, (counts.get(end) ?? 0) + 1)
}
for (const [name, counts] of ends)
  console.log(
    `${name}: ${times} times, ended with ${[...counts].map(([end, count]) => `${end} (${count})`).join(', ')}`,
  )
console.log(`after them: step ${step} of ${rounds * 8}, every checkpoint whole after each`)
const wsban = wsbanIn(folder)
const finished = wsban(...args, '-o', run, ...(RunFolder.exists(run) ? ['--resume'] : []))
if (finished.status !== 0) throw new Error(finished.err)
const unstopped = wsban(...args, '-o', whole)
if (unstopped.status !== 0) throw new Error(unstopped.err)
const [found, expected] = await Promise.all(
  [run, whole].map(async (path) => {
    const { tensors, slots } = await (await RunFolder.open(path)).readCheckpoint('last')
    return { tensors, slots }
  }),
)
const same = isDeepStrictEqual(found, expected)
console.log(
  `against a run that was never stopped: ${same ? 'every weight and all optimizer state the same, bit for bit' : 'NOT the same'}`,
)
if (hasDisk) spawnSync('umount', [disk])
rmSync(folder, { recursive: true, force: true })
process.exit(same ? 0 : 1)
