import { type Command, InvalidArgumentError } from 'commander'
import type { EngineName } from '../../runtime/engines/index.js'
import { act } from '../action.js'
import type { PushOptions } from '../actions/push_run.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example } from '../options.js'

function license(text: string): string {
  if (!/^[a-z0-9][a-z0-9.+-]{0,63}$/.test(text))
    throw new InvalidArgumentError("it is one of the hub's names for licences, such as apache-2.0 or cc-by-nc-4.0")
  return text
}

export function register(program: Command): void {
  const command = program
    .command('push <run> <repository>')
    .description('publish a run on the Hugging Face Hub: model card, weights, spec, ONNX file, and the trunk for timm')
    .option('--license <name>', "licence of the model, by the hub's name for it: apache-2.0", license)
    .option('--private', 'only you see the repository, if it is created')
    .option('--revision <branch>', 'branch to write to; it is created if necessary', 'main')
    .option('--space', 'also publish the web page of the model, as a static Space of the same name')
    .option('--data <dir>', 'the images of the figures, if they are no longer where the run found them')
    .option('--dry-run', 'list the files and their sizes, and publish nothing')
    .addOption(engineOption())
  example(common(command), 'wsban push runs/birds me/birds --license apache-2.0').action(
    (run: string, repository: string, options: PushOptions & CommonOptions & { readonly engine?: EngineName }) =>
      act(options, async (io) => {
        const { pushRun } = await import('../actions/push_run.js')
        return pushRun(run, repository, options, io)
      }),
  )
}
