import { type Location, Position, type Range, type TextEdit } from 'vscode-languageserver/node.js'
import { TextDocument } from 'vscode-languageserver-textdocument'
import type { Edit } from '../../compiler/diagnostics/diagnostic.js'
import type { Span } from '../../grammar/tree.js'
import type { EditorFiles } from './files.js'

/** Converts offsets of a text to the protocol's lines and columns. */
export class Places {
  private readonly documents = new Map<string, TextDocument>()

  constructor(private readonly files: EditorFiles) {}

  range(text: string, { start, end }: { readonly start: number; readonly end: number }): Range {
    const document = this.document(text)
    return { start: document.positionAt(start), end: document.positionAt(end) }
  }

  position(text: string, offset: number): Position {
    return this.document(text).positionAt(offset)
  }

  offset(text: string, { line, character }: Position): number {
    return this.document(text).offsetAt(Position.create(Math.max(0, line), Math.max(0, character)))
  }

  location(span: Span, text: string): Location {
    return { uri: this.files.uriOf(span.source), range: this.range(text, span) }
  }

  edit(text: string, edit: Edit): TextEdit {
    return { range: this.range(text, edit.span), newText: edit.text }
  }

  /** The line offsets of the most recent texts are cached. */
  private document(text: string): TextDocument {
    const known = this.documents.get(text)
    if (known) return known
    if (this.documents.size > 20) this.documents.clear()
    const document = TextDocument.create('', 'wsban', 0, text)
    this.documents.set(text, document)
    return document
  }
}
