import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { RunFolder } from '../../runtime/runs/folder.js'
import { startWsban } from './commands.js'

/** What a killed process left in its run folder. */
export interface Left {
  /** Milliseconds that it lived. */
  readonly after: number
  /** The checkpoint that run.json names, which could be read whole; undefined before there was a run. */
  readonly checkpoint: string | undefined
  readonly step: number
  /** Whether it was done before it could be killed. */
  readonly done: boolean
}

/** Runs `wsban train ARGS`, kills it with SIGKILL after a while, and looks at what it left. @throws when that is no whole checkpoint */
export async function killedAfter(
  folder: string,
  run: string,
  args: readonly string[],
  milliseconds: number,
): Promise<Left> {
  const resume = RunFolder.exists(run) ? ['--resume'] : []
  const { child, ended } = startWsban(folder, [...args, '-o', run, ...resume])
  const started = performance.now()
  await Promise.race([pause(milliseconds), ended])
  child.kill('SIGKILL')
  const { status, signal, err } = await ended
  const after = performance.now() - started
  if (status !== 0 && signal !== 'SIGKILL') throw new Error(`it ended by itself with ${status}: ${err}`)
  if (!RunFolder.exists(run)) return { after, checkpoint: undefined, step: 0, done: false }
  const opened = await RunFolder.open(run)
  const { state } = await opened.readCheckpoint('last')
  await opened.readCheckpoint('best')
  return { after, checkpoint: opened.info.last, step: state.step, done: status === 0 }
}

/** Waits until the run's last checkpoint is one that fits. */
export async function checkpointIn(run: string, fits: (name: string) => boolean): Promise<string> {
  const file = join(run, 'run.json')
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(5)) {
    if (!existsSync(file)) continue
    const last = /"last": "([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1]
    if (last !== undefined && fits(last)) return last
  }
  throw new Error(`no such checkpoint in ${run} within a minute`)
}
