import { Argument, type Command } from 'commander'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

interface SetupOptions extends CommonOptions {
  readonly gpu?: boolean
  readonly cudaLibraries?: boolean
}

export function register(program: Command): void {
  const command = program
    .command('setup')
    .addArgument(new Argument('[engine]', 'what to get').choices(['tfjs-node']))
    .description('gets the native engine, once for all projects of this user')
    .option('--gpu', 'the one that computes on an NVIDIA card')
    .option('--cuda-libraries', "CUDA's libraries as well, even where no card is found")
  example(common(command), 'wsban setup').action((_engine: string | undefined, options: SetupOptions) =>
    act(options, async (io) => {
      const { runSetup } = await import('../setup.js')
      const done = await runSetup(
        { gpu: options.gpu ?? false, cudaLibraries: options.cudaLibraries ?? false },
        io.reporter,
      )
      io.json(done)
      return 0
    }),
  )
}
