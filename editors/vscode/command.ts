import { isAbsolute, join } from 'node:path'

/** How the language server is started. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
}

/** Mebibytes of new objects between collections: an analysis of a long spec makes about 24. */
const semiSpace = 32

/** The command of the settings, or else the server that lies in the extension's folder, run by this very Node. */
export function serverCommand(setting: string, extension: string, node: string): ServerCommand {
  if (setting.trim() !== '') return { command: setting.trim(), args: ['lsp', '--stdio'] }
  return {
    command: node,
    args: [`--max-semi-space-size=${semiSpace}`, join(extension, 'server', 'server.mjs'), '--stdio'],
  }
}

/** The arguments that train a spec on a folder of images. Both are absolute paths, so that neither is taken for a flag. */
export function trainingArguments(spec: string, images: string): readonly string[] {
  return ['train', spec, '--data', images]
}

export interface Programs {
  /** The value of PATH. */
  readonly path: string
  readonly windows: boolean
  readonly exists: (path: string) => boolean
}

/** Whether a program is there, by its path or in one of the folders of PATH. */
export function foundOnPath(command: string, { path, windows, exists }: Programs): boolean {
  const endings = windows ? ['', '.cmd', '.exe', '.bat'] : ['']
  const at = (file: string) => endings.some((ending) => exists(file + ending))
  if (isAbsolute(command)) return at(command)
  const folders = path.split(windows ? ';' : ':').filter((folder) => folder !== '')
  return folders.some((folder) => at(join(folder, command)))
}
