import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ModelSettings } from '../compiler/analysis/model.js'

/** Flags that mean the same in every command that has them. */
export function common(command: Command): Command {
  return command
    .option('--json', 'print one JSON document, and nothing else, on standard output')
    .option('--quiet', 'print only warnings and errors')
    .option('--verbose', 'show the cause and stack of an error')
}

export function settable(command: Command): Command {
  return command.addOption(
    new Option('--set <name=value>', 'set a parameter of the model: --set maps=64').argParser(
      (text: string, before: ModelSettings | undefined) => ({ ...before, ...setting(text) }),
    ),
  )
}

function setting(text: string): ModelSettings {
  const equals = text.indexOf('=')
  const name = text.slice(0, equals).trim()
  if (equals <= 0 || !/^[A-Za-z_]\w*$/.test(name))
    throw new InvalidArgumentError('write it as name=value, such as maps=64')
  const value = text.slice(equals + 1).trim()
  if (value === 'true' || value === 'false') return { [name]: value === 'true' }
  const percent = /^(-?[\d.]+)%$/.exec(value)
  const number = percent ? Number(percent[1]) / 100 : Number(value)
  return { [name]: value !== '' && Number.isFinite(number) ? number : value }
}

export function wholeNumber(from: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < from)
      throw new InvalidArgumentError(`give a whole number, at least ${from}`)
    return value
  }
}

/** A port of this machine; 0 for any that is free. */
export function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65535) throw new InvalidArgumentError('give a port, 1 to 65535; 0 for any')
  return value
}

/** `5%` or `0.05` */
function share(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('give a share, such as 5%')
  return value
}

export function maxUnreadableOption(): Option {
  return new Option('--max-unreadable <share>', 'largest share of images that may be unreadable')
    .argParser(share)
    .default(0.05, '5%')
}

export function seedOption(): Option {
  return new Option('--seed <number>', 'seed of the random numbers; the same seed gives the same result')
    .argParser(wholeNumber(0))
    .default(1)
}

export const engineNames = ['tfjs-node', 'tfjs-node-gpu', 'wasm', 'cpu'] as const

export function engineOption(): Option {
  return new Option('--engine <name>', 'engine to compute on; by default the fastest installed').choices(engineNames)
}

export function weightsEntryOption(): Option {
  return new Option(
    '--weights-entry <name>',
    'key of the weights within the file, such as state_dict_ema beside state_dict',
  )
}

/** The lines under `-h`. */
export function example(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}
