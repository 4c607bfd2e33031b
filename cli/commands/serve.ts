import { type Command, InvalidArgumentError, Option } from 'commander'
import { act } from '../action.js'
import type { ServeCommandOptions } from '../actions/serve/serve_model.js'
import type { CommonOptions } from '../io.js'
import { common, example, port, wholeNumber } from '../options.js'

/** Seconds. */
function duration(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0 && value <= 3600))
    throw new InvalidArgumentError('give a number of seconds, up to 3600')
  return value
}

function milliseconds(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 10_000))
    throw new InvalidArgumentError('give a number of milliseconds, up to 10000')
  return value
}

function token(text: string): string {
  if (!/^[\x21-\x7e]{8,}$/.test(text)) throw new InvalidArgumentError('give at least 8 printable ASCII characters')
  return text
}

export function register(program: Command): void {
  const command = program
    .command('serve [run-or-onnx]')
    .description('answer requests over HTTP: images as forms or bodies, tensors by the Open Inference Protocol')
    .option('--host <address>', 'address to listen on; 0.0.0.0 for all of this machine', '127.0.0.1')
    .option('--port <number>', 'port of this machine; 0 for any that is free', port, 8000)
    .option('--batch <number>', 'images of the largest batch', wholeNumber(1), 8)
    .option('--wait <ms>', 'milliseconds for which the first image of a batch waits for others', milliseconds, 2)
    .option('--max-bytes <number>', 'bytes of the largest request', wholeNumber(1), 32 * 2 ** 20)
    .option('--max-pixels <number>', 'pixels of the largest image', wholeNumber(1), 2 ** 26)
    .option('--queue <number>', 'requests that are answered at a time; others get status 503', wholeNumber(1), 64)
    .option('--timeout <seconds>', 'for receiving and answering a request', duration, 30)
    .option('--threads <number>', 'threads of ONNX Runtime; as many as there are cores without', wholeNumber(1))
    .addOption(
      new Option('--token <text>', 'answer only requests with this bearer token').env('WSBAN_TOKEN').argParser(token),
    )
  example(
    common(command),
    'wsban serve',
    'wsban serve birds.onnx --port 9000',
    'curl --data-binary @photo.jpg -H "Content-Type: image/jpeg" localhost:8000/predict',
  ).action((source: string | undefined, options: ServeCommandOptions & CommonOptions) =>
    act(options, async (io) => {
      const { serveModel } = await import('../actions/serve/serve_model.js')
      return serveModel(source, options, io)
    }),
  )
}
