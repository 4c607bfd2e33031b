import type { Command } from 'commander'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('backbones [filter]')
    .description('list the published networks that `backbone(image, "NAME")` builds')
  example(common(command), 'wsban backbones vit_small', "wsban backbones 'convnext*in22k'").action(
    (filter: string | undefined, options: CommonOptions) =>
      act(options, async (io) => (await import('../actions/list_backbones.js')).listBackbones(filter, io)),
  )
}
