import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  ProcessExecution,
  ShellExecution,
  ShellQuoting,
  Task,
  TaskScope,
  type TextDocument,
  tasks,
  window,
  workspace,
} from 'vscode'
import { foundOnPath, trainingArguments } from './command.js'

/** Asks for a folder of photos, and trains a spec on it in a terminal. */
export async function train(document: TextDocument): Promise<void> {
  if (!workspace.isTrusted) {
    void window.showWarningMessage('wsban: training runs a program, so it needs a workspace that you trust.')
    return
  }
  if (document.uri.scheme !== 'file' || (document.isDirty && !(await document.save()))) {
    void window.showWarningMessage('wsban: save the file first. Training reads it from disk.')
    return
  }
  const setting = workspace.getConfiguration('wsban').get<string>('command') ?? ''
  const command = setting.trim() || 'wsban'
  const windows = process.platform === 'win32'
  if (!foundOnPath(command, { path: process.env.PATH ?? '', windows, exists: existsSync })) {
    void window.showErrorMessage(
      `wsban: there is no program \`${command}\`. Install wsban, or name it in the setting wsban.command.`,
    )
    return
  }
  const [folder] =
    (await window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: 'Train on these photos',
      title: 'A folder with one folder of photos for each class',
      defaultUri:
        workspace.getWorkspaceFolder(document.uri)?.uri ?? document.uri.with({ path: dirname(document.uri.path) }),
    })) ?? []
  if (!folder) return
  const list = trainingArguments(document.uri.fsPath, folder.fsPath)
  const cwd = workspace.getWorkspaceFolder(document.uri)?.uri.fsPath ?? dirname(document.uri.fsPath)
  // Without a shell nothing has to be quoted. On Windows npm's commands are scripts, which only a shell starts.
  const execution = windows
    ? new ShellExecution(strong(command), list.map(strong), {
        cwd,
        executable: 'powershell.exe',
        shellArgs: ['-Command'],
      })
    : new ProcessExecution(command, [...list], { cwd })
  const name = `train ${document.uri.path.split('/').at(-1)}`
  await tasks.executeTask(new Task({ type: 'wsban' }, TaskScope.Workspace, name, 'wsban', execution))
}

function strong(value: string) {
  return { value, quoting: ShellQuoting.Strong }
}
