import type { Command } from 'commander'
import type { EngineName } from '../../runtime/engines/index.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, port } from '../options.js'

interface StudioOptions extends CommonOptions {
  readonly port: number
  readonly engine?: EngineName
}

export function register(program: Command): void {
  const command = program
    .command('studio [run...]')
    .description(
      'watch runs in a browser: curves, the same images with attention map and crop after each epoch, confusions, and your own photo',
    )
    .option('--port <number>', 'port of this machine; 0 for any that is free', port, 0)
    .addOption(engineOption())
  example(common(command), 'wsban studio', 'wsban train wsban_lite --data photos --watch').action(
    (runs: string[], options: StudioOptions) =>
      act(options, async (io) => {
        const { openStudio } = await import('../actions/studio/open_studio.js')
        return openStudio(runs.length === 0 ? {} : { runs }, options, io)
      }),
  )
}
