import type { Command } from 'commander'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example, settable } from '../options.js'

interface DiffOptions extends CommonOptions {
  readonly set?: ModelSettings
}

export function register(program: Command): void {
  const command = program
    .command('diff <before> <after>')
    .description('compare two models: settings, operations, weights, losses and training')
  example(settable(common(command)), 'wsban diff models/wsban_tiny.wsban mine.wsban').action(
    (before: string, after: string, options: DiffOptions) =>
      act(options, async (io) => {
        const { compareSpecs } = await import('../actions/compare_specs.js')
        return compareSpecs(before, after, options.set ?? {}, io)
      }),
  )
}
