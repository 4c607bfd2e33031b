import { join } from 'node:path'

/** How the language server is started. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
}

/** The command of the settings, or else the server that lies in the extension's folder, run by this very Node. */
export function serverCommand(setting: string, extension: string, node: string): ServerCommand {
  if (setting.trim() !== '') return { command: setting.trim(), args: ['lsp', '--stdio'] }
  return { command: node, args: [join(extension, 'server.mjs'), '--stdio'] }
}
