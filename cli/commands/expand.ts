import type { Command } from 'commander'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('expand <file>')
    .description('print the spec with every default and imported block written out')
  example(common(command), 'wsban expand models/wsban.wsban > whole.wsban').action(
    (file: string, options: CommonOptions) =>
      act(options, async (io) => {
        const { expandFile } = await import('../actions/expand_file.js')
        return expandFile(file, io)
      }),
  )
}
