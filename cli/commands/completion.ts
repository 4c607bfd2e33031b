import type { Command } from 'commander'

/** The command that prints a script, and the one that the script calls for suggestions. */
const commands = ['completion', 'complete']

/**
 * `wsban completion SHELL`. The library reads the commands and flags of the whole program; it is loaded only when one of its commands was
 * asked for; otherwise the help only lists the command.
 */
export async function register(program: Command, words: readonly string[]): Promise<void> {
  if (commands.includes(words[0] ?? '')) {
    const { default: addCompletion } = await import('@bomb.sh/tab/commander')
    addCompletion(program, { completionCommandName: 'completion' })
    return
  }
  program
    .command('completion <shell>')
    .description('print a completion script for bash, zsh, fish or powershell')
    .addHelpText('after', '\nExample:\n  source <(wsban completion bash)   # in ~/.bashrc; zsh likewise')
}
