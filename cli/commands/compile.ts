import { type Command, Option } from 'commander'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example, seedOption, settable } from '../options.js'

interface CompileOptions extends CommonOptions {
  readonly target: 'tfjs' | 'onnx' | 'pytorch'
  readonly out: string
  readonly seed: number
  readonly set?: ModelSettings
  readonly watch?: boolean
}

export function register(program: Command): void {
  const command = program
    .command('compile <file>')
    .description('generate code that you can read, run and edit')
    .addOption(
      new Option('--target <name>', 'what to write').choices(['tfjs', 'onnx', 'pytorch']).makeOptionMandatory(),
    )
    .requiredOption('-o, --out <dir>', 'the folder to write to')
    .option('--watch', 'write again whenever the spec or what it imports changes')
    .addOption(seedOption())
  example(settable(common(command)), 'wsban compile models/wsban.wsban --target tfjs -o generated').action(
    (file: string, options: CompileOptions) =>
      act(options, async (io) => {
        const { compileTo, watchSpec } = await import('../actions/compile_to.js')
        if (options.watch) return watchSpec(file, options, io)
        io.json({ ok: true, files: await compileTo(file, options, io) })
        return 0
      }),
  )
}
