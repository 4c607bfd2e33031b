import type { Command } from 'commander'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

interface FmtOptions extends CommonOptions {
  readonly check?: boolean
  readonly stdin?: boolean
}

export function register(program: Command): void {
  const command = program
    .command('fmt [file...]')
    .description('format specs; their meaning does not change')
    .option('--check', 'write nothing; name the files that would change, and end with 1 if there are any')
    .option('--stdin', 'read from standard input, write to standard output')
  example(common(command), 'wsban fmt models/wsban.wsban', 'wsban fmt --check *.wsban').action(
    (files: string[], options: FmtOptions) =>
      act(options, async (io) => {
        const { formatFiles, formatStream } = await import('../actions/format_files.js')
        if (options.stdin) return formatStream(files, options.check === true, io)
        return formatFiles(files, options.check === true, io)
      }),
  )
}
