import { type ExtensionContext, workspace } from 'vscode'
import { LanguageClient } from 'vscode-languageclient/node.js'
import { serverCommand } from './command.js'

let client: LanguageClient | undefined

/** Called by the editor when the first `.wsban` file is opened. */
export async function activate({ extensionPath }: ExtensionContext): Promise<void> {
  const setting = workspace.getConfiguration('wsban').get<string>('command') ?? ''
  const { command, args } = serverCommand(setting, extensionPath, process.execPath)
  // The editor's own program is Node when it is asked to be.
  const options = { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } }
  client = new LanguageClient(
    'wsban',
    { command, args: [...args], options },
    {
      documentSelector: [{ language: 'wsban' }],
      synchronize: { fileEvents: workspace.createFileSystemWatcher('**/*.wsban') },
    },
  )
  await client.start()
}

export async function deactivate(): Promise<void> {
  await client?.stop()
}
