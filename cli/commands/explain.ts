import type { Command } from 'commander'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('explain <name>')
    .description('what a diagnostic means, or what an operation computes')
  example(common(command), 'wsban explain bap', 'wsban explain spatial-mismatch').action(
    (name: string, options: CommonOptions) =>
      act(options, async (io) => {
        const { explain } = await import('../actions/explain.js')
        return explain(name, io)
      }),
  )
}
