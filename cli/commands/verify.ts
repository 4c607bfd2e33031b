import { type Command, InvalidArgumentError, Option } from 'commander'
import { isRuntimeName, runtimeNames, type WantedRuntime } from '../../runtime/inference/runtime_names.js'
import { act } from '../action.js'
import type { VerifyOptions } from '../actions/verify_onnx.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, seedOption, settable, weightsEntryOption, wholeNumber } from '../options.js'

function wantedRuntime(text: string): WantedRuntime {
  const [name = '', version, ...more] = text.split('==')
  if (!isRuntimeName(name) || more.length > 0 || (version !== undefined && !/^\d[\w.]*$/.test(version)))
    throw new InvalidArgumentError(`it is one of ${runtimeNames.join(', ')}, or one of them with ==VERSION`)
  return { name, ...(version !== undefined && { version }) }
}

export function register(program: Command): void {
  const command = program
    .command('verify [onnx]')
    .description('compare an ONNX file with the TensorFlow.js engine: largest difference per output, and a verdict')
    .option(
      '--against <run-or-file>',
      'run or spec that the file was exported from; the folder of the file when that is a run',
    )
    .option('--weights <file>', 'weights, if it was exported from a spec with this flag')
    .addOption(weightsEntryOption())
    .option('--data <dir>', 'also compare on these images')
    .option('--images <number>', 'largest number of images to compare', wholeNumber(1), 40)
    .option('--deep', 'also compare every intermediate value, and name the first that differs')
    .addOption(
      new Option(
        '--runtime <name>',
        `run the file in another runtime, in Python, and compare with ONNX Runtime: ${runtimeNames.join(', ')}; with a version: onnxruntime==1.20.1`,
      ).argParser(wantedRuntime),
    )
    .addOption(seedOption())
    .addOption(engineOption())
  example(
    settable(common(command)),
    'wsban verify',
    'wsban verify birds.onnx --against runs/birds --data birds',
    'wsban verify birds.onnx --runtime openvino',
  ).action((file: string | undefined, options: VerifyOptions & CommonOptions) =>
    act(options, async (io) => {
      const { verifyOnnx } = await import('../actions/verify_onnx.js')
      return verifyOnnx(file, options, io)
    }),
  )
}
