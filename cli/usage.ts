import { existsSync } from 'node:fs'
import type { Command, CommanderError, Option } from 'commander'
import { nearest } from '../compiler/diagnostics/suggest.js'
import type { Problem } from '../runtime/failure.js'
import { shellWord } from '../runtime/shell_word.js'

/**
 * Returns the problem of a command line that commander rejected. An unknown flag is reported before missing ones, since it may be a misspelt one.
 *
 * @param words the command line after the program's name
 */
export function usageProblem(error: CommanderError, program: Command, words: readonly string[]): Problem {
  const { command, path, rest } = commandOf(program, words)
  const help = `${['wsban', ...path].join(' ')} -h shows what ${path.length === 0 ? 'there is' : 'it takes'}`
  const problem = (message: string, next = help): Problem => ({ code: 'wrong-usage', message, help: next, exit: 2 })
  const unknown = unknownFlag(command, rest)
  if (unknown !== undefined) {
    if (command === program && program.commands.some(({ options }) => options.some(isFlag(unknown))))
      return problem(`${unknown} is a flag of a command`, `write it after the command: wsban check ${unknown} ...`)
    const flags = command.options.flatMap(({ long }) => (long ? [long] : []))
    const suggestion = nearest(unknown, [...flags, '--help'])
    const name = path.length === 0 ? 'wsban' : `wsban ${path.join(' ')}`
    return problem(`${name} has no flag ${unknown}`, suggestion ? `did you mean ${suggestion}?` : help)
  }
  const [word] = rest
  if (command.commands.length > 0 && word !== undefined) {
    const suggestion = nearest(
      word,
      command.commands.map((inner) => inner.name()),
    )
    if (!suggestion && existsSync(word))
      return problem(`${word} is no command`, `for a folder of images: wsban make ${shellWord(word)}`)
    return problem(
      `${['wsban', ...path].join(' ')} has no command ${word}`,
      suggestion ? `did you mean ${suggestion}?` : help,
    )
  }
  if (command.commands.length > 0)
    return problem(`${['wsban', ...path].join(' ')} needs a command`, `it has ${names(command.commands)}`)
  const [first = ''] = error.message.split('\n')
  return problem(first.replace(/^error: /, ''))
}

/** Returns the command of a command line, and its arguments. */
function commandOf(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly path: readonly string[]; readonly rest: readonly string[] } {
  let command = program
  let at = 0
  for (; at < words.length; at++) {
    const inner = command.commands.find((one) => one.name() === words[at])
    if (!inner) break
    command = inner
  }
  return { command, path: words.slice(0, at), rest: words.slice(at) }
}

/** Returns the first unknown flag that is not the value of the flag before it. */
function unknownFlag({ options }: Command, words: readonly string[]): string | undefined {
  const known = (flag: string): Option | undefined => options.find(isFlag(flag))
  for (let at = 0; at < words.length; at++) {
    const [flag = ''] = (words[at] ?? '').split('=', 1)
    if (flag === '--') return undefined
    if (!flag.startsWith('-') || flag === '-' || ['-h', '--help'].includes(flag)) continue
    // `-ofile` gives a value without a blank.
    const option = known(flag) ?? (flag.startsWith('--') ? undefined : known(flag.slice(0, 2)))
    if (!option) return flag
    if (option.required && option === known(words[at] ?? '')) at++
  }
  return undefined
}

function isFlag(flag: string): (option: Option) => boolean {
  return ({ short, long }) => flag === short || flag === long
}

function names(commands: readonly Command[]): string {
  return commands.map((command) => command.name()).join(', ')
}
