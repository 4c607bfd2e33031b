import type { TextEdit, WorkspaceEdit } from 'vscode-languageserver/node.js'
import type { EditorFiles } from './files.js'

export interface FileEdits {
  readonly source: string
  readonly edits: TextEdit[]
}

/**
 * The protocol's form of edits. With versions, for clients that support them, an editor refuses edits of a text that has changed since; edits of
 * the old text would damage the new one.
 */
export function workspaceEdit(files: EditorFiles, versioned: boolean, changes: readonly FileEdits[]): WorkspaceEdit {
  if (!versioned)
    return { changes: Object.fromEntries(changes.map(({ source, edits }) => [files.uriOf(source), edits])) }
  return {
    documentChanges: changes.map(({ source, edits }) => ({
      textDocument: { uri: files.uriOf(source), version: files.versionOf(source) },
      edits,
    })),
  }
}
