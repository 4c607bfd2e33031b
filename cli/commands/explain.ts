import type { Command } from 'commander'
import { Failure } from '../../runtime/failure.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

interface ExplainOptions extends CommonOptions {
  readonly all?: boolean
}

export function register(program: Command): void {
  const command = program
    .command('explain [name]')
    .description('explain an operation, a setting of the train block or a diagnostic')
    .option('--all', 'every page, as Markdown')
  example(common(command), 'wsban explain bap', 'wsban explain optimizer', 'wsban explain spatial-mismatch').action(
    (name: string | undefined, options: ExplainOptions) =>
      act(options, async (io) => {
        const { explain, explainAll } = await import('../actions/explain.js')
        if (options.all && name === undefined) return explainAll(io)
        if (name !== undefined && !options.all) return explain(name, io)
        const message = 'give one name, or --all'
        throw new Failure({ code: 'wrong-usage', message, help: 'wsban explain bap', exit: 2 })
      }),
  )
}
