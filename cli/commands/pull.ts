import type { Command } from 'commander'
import { act } from '../action.js'
import type { PullOptions } from '../actions/pull_from_hub.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('pull <repository>')
    .description('fetch a run that `wsban push` published')
    .option('-o, --out <folder>', 'a new folder for the run; NAME of OWNER/NAME when not given')
    .option('--revision <name>', 'branch, tag or commit', 'main')
  example(common(command), 'wsban pull me/birds -o runs/birds').action(
    (repository: string, options: PullOptions & CommonOptions) =>
      act(options, async (io) => {
        const { pullFromHub } = await import('../actions/pull_from_hub.js')
        return pullFromHub(repository, options, io)
      }),
  )
}
