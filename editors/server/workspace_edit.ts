import type { TextEdit, WorkspaceEdit } from 'vscode-languageserver/node.js'
import type { EditorFiles } from './files.js'

export interface FileEdits {
  readonly source: string
  readonly edits: TextEdit[]
}

/**
 * Converts edits to the protocol's form. With versions, for clients that support them, an editor rejects edits of a text that has changed since,
 * which they would damage.
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
