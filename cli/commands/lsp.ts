import type { Command } from 'commander'
import { example } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('lsp')
    .description('run the language server for editors, on standard input and output')
    .option('--stdio', 'what it does anyway; many editors say it')
  example(command, 'wsban lsp').action(async () => {
    const { serveStandardStreams } = await import('../../editors/server/main.js')
    await serveStandardStreams()
  })
}
