import { Argument, type Command } from 'commander'
import { Failure } from '../../runtime/failure.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

interface SetupOptions extends CommonOptions {
  readonly gpu?: boolean
  readonly cudaLibraries?: boolean
}

type Wanted = 'tfjs-node' | 'pytorch'

export function register(program: Command): void {
  const command = program
    .command('setup')
    .addArgument(new Argument('[engine]', 'what to get').choices(['tfjs-node', 'pytorch']).default('tfjs-node'))
    .description('install an engine for all your projects: the native one, or a Python with PyTorch')
    .option('--gpu', 'install a build that computes on a GPU')
    .option('--cuda-libraries', "install CUDA's libraries for tfjs-node even where no GPU is found")
  example(common(command), 'wsban setup', 'wsban setup pytorch').action((engine: Wanted, options: SetupOptions) =>
    act(options, async (io) => {
      const { runPytorchSetup, runSetup } = await import('../actions/set_up_engines.js')
      const gpu = options.gpu ?? false
      const cudaLibraries = options.cudaLibraries ?? false
      if (engine === 'pytorch' && cudaLibraries) throw noLibraries()
      io.json(
        engine === 'pytorch'
          ? await runPytorchSetup(gpu, io.reporter)
          : await runSetup({ gpu, cudaLibraries }, io.reporter),
      )
      return 0
    }),
  )
}

function noLibraries(): Failure {
  return new Failure({
    code: 'wrong-usage',
    message: "--cuda-libraries is for tfjs-node; PyTorch's own GPU builds include them",
    help: 'wsban setup pytorch --gpu',
    exit: 2,
  })
}
