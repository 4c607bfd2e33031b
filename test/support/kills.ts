import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RunFolder } from '../../runtime/runs/folder.js'
import { startWsban } from './commands.js'
import { afterAWhile, until } from './waiting.js'

/** The state of a run folder after its process was killed. */
export interface Left {
  /** The checkpoint that run.json names, which could be read whole; undefined before there was a run. */
  readonly checkpoint: string | undefined
  readonly step: number
}

/**
 * Runs `wsban train ARGS`, kills it with SIGKILL the given number of milliseconds after it began to save, and inspects the run folder.
 * @throws when that is no whole checkpoint
 */
export async function killedAfterSaving(
  folder: string,
  run: string,
  args: readonly string[],
  milliseconds: number,
): Promise<Left> {
  const before = RunFolder.exists(run) ? (await RunFolder.open(run)).info.last : undefined
  const resume = before === undefined ? [] : ['--resume']
  const { child, ended } = startWsban(folder, [...args, '-o', run, ...resume])
  const alive = () => child.exitCode === null && child.signalCode === null
  await until(`a checkpoint after ${before}`, () => !alive() || ![undefined, before].includes(lastIn(run)))
  await afterAWhile(ended, milliseconds)
  child.kill('SIGKILL')
  const { status, signal, err } = await ended
  if (status !== 0 && signal !== 'SIGKILL') throw new Error(`it ended by itself with ${status}: ${err}`)
  const opened = await RunFolder.open(run)
  const { state } = await opened.readCheckpoint('last')
  await opened.readCheckpoint('best')
  return { checkpoint: opened.info.last, step: state.step }
}

/** Waits until the run's last checkpoint matches. */
export function checkpointIn(run: string, fits: (name: string) => boolean): Promise<string> {
  return until(`such a checkpoint in ${run}`, () => {
    const last = lastIn(run)
    return last !== undefined && fits(last) ? last : undefined
  })
}

function lastIn(run: string): string | undefined {
  const file = join(run, 'run.json')
  return existsSync(file) ? /"last": "([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1] : undefined
}
