import { commands, type ExtensionContext, type TextDocument, window, workspace } from 'vscode'
import { LanguageClient } from 'vscode-languageclient/node.js'
import { type CodeTarget, checkRequest } from '../server/requests.js'
import { CodeDocuments } from './code_documents.js'
import { serverCommand } from './command.js'
import { FigurePanel, isSpec } from './figure_panel.js'
import { ServerRequests } from './server_requests.js'
import { train } from './training.js'

let client: LanguageClient | undefined

/** Called by the editor when the first `.wsban` file is opened or a command of the extension is run. */
export async function activate(context: ExtensionContext): Promise<void> {
  const setting = workspace.getConfiguration('wsban').get<string>('command') ?? ''
  const { command, args } = serverCommand(setting, context.extensionPath, process.execPath)
  // The editor's own executable runs as Node with this variable.
  const options = { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } }
  client = new LanguageClient(
    'wsban',
    { command, args: [...args], options },
    {
      documentSelector: [{ language: 'wsban' }],
      synchronize: { fileEvents: workspace.createFileSystemWatcher('**/*.wsban') },
    },
  )
  const requests = new ServerRequests(client)
  const figure = new FigurePanel(context, requests)
  const code = new CodeDocuments(context, requests)
  const showing = (target: CodeTarget) => (spec: TextDocument) => code.show(spec, target)
  const actions: Readonly<Record<string, (spec: TextDocument) => Promise<void>>> = {
    'wsban.check': (spec) => check(spec, requests),
    'wsban.showFigure': (spec) => figure.open(spec),
    'wsban.showTensorFlowCode': showing('tfjs'),
    'wsban.showPyTorchCode': showing('pytorch'),
    'wsban.showOnnxCode': showing('onnx'),
    'wsban.showExpanded': showing('expanded'),
    'wsban.train': train,
  }
  for (const [name, action] of Object.entries(actions))
    context.subscriptions.push(commands.registerCommand(name, () => onSpec(action)))
  await client.start()
}

export async function deactivate(): Promise<void> {
  await client?.stop()
}

/** Runs a command on the spec in front; a failure is shown. */
async function onSpec(action: (spec: TextDocument) => Promise<void>): Promise<void> {
  const editors = [window.activeTextEditor, ...window.visibleTextEditors]
  const spec = editors.flatMap((editor) => (editor && isSpec(editor.document) ? [editor.document] : []))[0]
  if (!spec) {
    void window.showWarningMessage('wsban: open a .wsban file first.')
    return
  }
  try {
    await action(spec)
  } catch (error) {
    void window.showErrorMessage(`wsban: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Says how many problems there are and lists them, or how large the model is. */
async function check({ uri }: TextDocument, requests: ServerRequests): Promise<void> {
  const result = await requests.send(checkRequest, { textDocument: { uri: uri.toString() } })
  if (!result) return
  const { errors, warnings, size } = result
  if (errors + warnings > 0) await commands.executeCommand('workbench.actions.view.problems')
  const found = [counted(errors, 'error'), counted(warnings, 'warning')].filter((text) => text !== '').join(', ')
  const text = [found || 'no problems', size].filter((part) => part !== undefined).join('; ')
  void (errors > 0 ? window.showErrorMessage(`wsban: ${text}`) : window.showInformationMessage(`wsban: ${text}`))
}

function counted(count: number, noun: string): string {
  if (count === 0) return ''
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
