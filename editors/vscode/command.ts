import { isAbsolute, join } from 'node:path'

/** The command of the language server. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
}

/** The size of the young generation in MiB: an analysis of a long spec allocates about 24. */
const semiSpace = 32

/** Returns the command of the settings, or else the server in the extension's folder, run by this Node. */
export function serverCommand(setting: string, extension: string, node: string): ServerCommand {
  if (setting.trim() !== '') return { command: setting.trim(), args: ['lsp', '--stdio'] }
  return {
    command: node,
    args: [`--max-semi-space-size=${semiSpace}`, join(extension, 'server', 'server.mjs'), '--stdio'],
  }
}

/** Returns the arguments that train a spec on a folder of images. Both are absolute paths, so that neither is parsed as an option. */
export function trainingArguments(spec: string, images: string): readonly string[] {
  return ['train', spec, '--data', images]
}

export interface Programs {
  /** The value of PATH. */
  readonly path: string
  readonly windows: boolean
  readonly exists: (path: string) => boolean
}

/** Whether a program exists, as a path or in a folder of PATH. */
export function foundOnPath(command: string, { path, windows, exists }: Programs): boolean {
  const endings = windows ? ['', '.cmd', '.exe', '.bat'] : ['']
  const at = (file: string) => endings.some((ending) => exists(file + ending))
  if (isAbsolute(command)) return at(command)
  const folders = path.split(windows ? ';' : ':').filter((folder) => folder !== '')
  return folders.some((folder) => at(join(folder, command)))
}
