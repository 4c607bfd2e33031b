import { type Command, Option } from 'commander'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example, settable } from '../options.js'

interface CheckOptions extends CommonOptions {
  readonly set?: ModelSettings
  readonly watch?: boolean
  readonly format?: 'human' | 'json' | 'sarif' | 'github'
}

export function register(program: Command): void {
  const command = program
    .command('check <file...>')
    .description('check a spec: report its errors and warnings, then its size')
    .option('--watch', 'check again whenever a file or what it imports changes')
    .addOption(
      new Option('--format <name>', 'how errors are written')
        .choices(['human', 'json', 'sarif', 'github'])
        .conflicts('watch'),
    )
  example(settable(common(command)), 'wsban check models/wsban.wsban --set maps=64').action(
    (files: string[], options: CheckOptions) =>
      act(
        { ...options, json: options.json || (options.format !== undefined && options.format !== 'human') },
        async (io) => {
          const { checkFiles, watchFiles } = await import('../actions/check_files.js')
          if (options.watch) return watchFiles(files, options.set ?? {}, io)
          return checkFiles(files, options.set ?? {}, options.format ?? (options.json ? 'json' : 'human'), io)
        },
      ),
  )
}
