import { basename } from 'node:path'
import { pullRun } from '../../runtime/hub/pull_run.js'
import { shellWord } from '../../runtime/shell_word.js'
import { hubSettings } from '../../runtime/weights/hub.js'
import type { Io } from '../io.js'
import { requireHubName } from './hub_name.js'

export interface PullOptions {
  readonly out?: string
  readonly revision: string
}

/** `wsban pull`: fetches a published run into a new folder. */
export async function pullFromHub(repository: string, { out, revision }: PullOptions, io: Io): Promise<number> {
  requireHubName(repository, revision)
  const folder = out ?? basename(repository)
  const { commit, files } = await pullRun({ repository, revision, folder }, io.reporter, hubSettings())
  io.print(`pulled ${repository} at ${commit.slice(0, 12)} into ${folder}`)
  io.next(`wsban predict ${shellWord(folder)} IMAGE`)
  io.json({ ok: true, repository, commit, folder, files })
  return 0
}
