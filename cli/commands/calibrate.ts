import type { Command } from 'commander'
import { act } from '../action.js'
import type { CalibrateOptions } from '../actions/calibrate_run.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('calibrate [run]')
    .description(
      'measure how sure the answers of a run may be, and below which probability an image is of no known class',
    )
    .option('--data <dir>', 'the images; those that the run was trained on when not given')
    .addOption(engineOption())
  example(common(command), 'wsban calibrate runs/birds').action(
    (run: string | undefined, options: CalibrateOptions & CommonOptions) =>
      act(options, async (io) => {
        const { calibrateRun } = await import('../actions/calibrate_run.js')
        return calibrateRun(run, options, io)
      }),
  )
}
