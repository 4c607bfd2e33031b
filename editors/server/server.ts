import {
  type CancellationToken,
  CodeActionKind,
  type Connection,
  ErrorCodes,
  type InitializeParams,
  type InitializeResult,
  InsertTextFormat,
  LSPErrorCodes,
  MarkupKind,
  type Position,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
  type TextDocumentsConfiguration,
} from 'vscode-languageserver/node.js'
import { TextDocument } from 'vscode-languageserver-textdocument'
import * as z from 'zod'
import { format } from '../../grammar/format.js'
import { hintsOf, lensesOf, sizeOf } from '../language/annotations.js'
import { type Completion, completionsAt } from '../language/completion.js'
import { hoverAt } from '../language/hover.js'
import { signatureAt } from '../language/signature.js'
import { type Analysis, Workspace } from '../language/workspace.js'
import { codeOf } from './code.js'
import { actionsOf, protocolDiagnostics } from './diagnostics.js'
import { figureOf } from './figure.js'
import { EditorFiles, pathOf, sourceOf } from './files.js'
import { Places } from './places.js'
import { Names } from './references.js'
import {
  type CheckOutcome,
  type CodeResult,
  checkRequest,
  codeRequest,
  type FigureResult,
  figureRequest,
} from './requests.js'
import { completionKinds, legend, protocolFolds, protocolSymbols, protocolTokens } from './symbols.js'
import { type FileEdits, workspaceEdit } from './workspace_edit.js'

const capabilities: InitializeResult['capabilities'] = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  hoverProvider: true,
  completionProvider: { triggerCharacters: ['.', '(', ',', '"', '>', '='] },
  signatureHelpProvider: { triggerCharacters: ['(', ','] },
  definitionProvider: true,
  referencesProvider: true,
  renameProvider: { prepareProvider: true },
  documentSymbolProvider: true,
  foldingRangeProvider: true,
  semanticTokensProvider: { legend, full: true },
  inlayHintProvider: true,
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
  codeLensProvider: {},
  documentFormattingProvider: true,
}

/**
 * An analysis of at most this many milliseconds runs after every key. A longer one runs at once only if the time since the last one exceeds its
 * duration, and otherwise waits for a pause of about that duration.
 */
const quick = 50
const longestPause = 300
/** Other open files may import the one that changed. */
const pauseOfOthers = 200

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The texts as the editor sends them; malformed messages are ignored, so that they break no later analysis. */
const documentStore: TextDocumentsConfiguration<TextDocument> = {
  create: (uri: unknown, language, version, content: unknown) =>
    TextDocument.create(asText(uri), language, version, asText(content)),
  update: (document, changes, version) =>
    TextDocument.update(
      document,
      changes.filter(({ text }: { readonly text: unknown }) => typeof text === 'string'),
      version,
    ),
}

/** Serves an editor on a connection until it is closed. */
export function serve(connection: Connection): void {
  const documents = new TextDocuments(documentStore)
  const files = new EditorFiles()
  const places = new Places(files)
  const workspace = new Workspace(files.library())
  let folders: readonly string[] = []
  let versioned = false
  const edit = (changes: readonly FileEdits[]) => workspaceEdit(files, versioned, changes)
  const names = new Names(workspace, files, places, () => folders)
  const timers = new Map<string, NodeJS.Timeout>()
  let took = 0
  let ended = 0

  connection.onInitialize(({ workspaceFolders, capabilities: client }: InitializeParams): InitializeResult => {
    versioned = client.workspace?.workspaceEdit?.documentChanges === true
    const addresses = (workspaceFolders ?? []).map(({ uri }) => uri)
    folders = addresses.flatMap((uri) => pathOf(uri) ?? [])
    return { capabilities, serverInfo: { name: 'wsban' } }
  })

  const analysisOf = (uri: string): Analysis | undefined => {
    const document = documents.get(uri)
    return document && workspace.analysis(sourceOf(document.uri), document.getText())
  }

  /** The last analysis of each document whose diagnostics were sent, and the version of its text. */
  const sent = new Map<string, { readonly analysis: Analysis; readonly version: number }>()

  /** Returns the analysis of a document, and sends its diagnostics before anything else is computed from it. */
  const checked = (uri: string): Analysis | undefined => {
    const began = performance.now()
    const analysis = analysisOf(uri)
    const version = documents.get(uri)?.version
    if (!analysis || version === undefined) return undefined
    const last = sent.get(uri)
    if (last?.analysis === analysis && last.version === version) return analysis
    if (last?.analysis !== analysis) {
      ended = performance.now()
      took = ended - began
    }
    clearTimeout(timers.get(uri))
    timers.delete(uri)
    sent.set(uri, { analysis, version })
    void connection.sendDiagnostics({ uri, version, diagnostics: protocolDiagnostics(analysis, places) })
    return analysis
  }
  const checkSoon = (uri: string, pause: number): void => {
    clearTimeout(timers.get(uri))
    const check = () => {
      timers.delete(uri)
      checked(uri)
    }
    timers.set(uri, setTimeout(check, pause))
  }

  const pauseBefore = (uri: string): number => {
    if (took < quick) return 0
    const pause = Math.min(longestPause, took)
    // A key while an analysis waits shows that typing continues.
    return timers.has(uri) ? pause : Math.max(0, pause - (performance.now() - ended))
  }

  documents.onDidOpen(({ document }) => {
    files.opened(document.uri, () => documents.get(document.uri) ?? document)
  })
  documents.onDidChangeContent(({ document }) => {
    workspace.changed()
    checkSoon(document.uri, pauseBefore(document.uri))
    for (const other of documents.keys()) if (other !== document.uri) checkSoon(other, pauseOfOthers)
  })
  documents.onDidClose(({ document: { uri } }) => {
    clearTimeout(timers.get(uri))
    timers.delete(uri)
    sent.delete(uri)
    files.closed(uri)
    workspace.forget(sourceOf(uri))
    void connection.sendDiagnostics({ uri, diagnostics: [] })
  })
  connection.onDidChangeWatchedFiles(() => {
    workspace.changed()
    for (const uri of documents.keys()) checkSoon(uri, pauseOfOthers)
  })

  /** The answer about one document; null for a document that is not open. */
  const about = <Answer>(uri: string, cancel: CancellationToken, answer: (analysis: Analysis) => Answer) => {
    if (cancel.isCancellationRequested) return new ResponseError<void>(LSPErrorCodes.RequestCancelled, 'cancelled')
    const analysis = checked(uri)
    return analysis ? answer(analysis) : null
  }
  interface Placed {
    readonly textDocument: { readonly uri: string }
    readonly position: Position
  }
  const at = <Answer>(
    { textDocument, position }: Placed,
    cancel: CancellationToken,
    answer: (analysis: Analysis, offset: number) => Answer,
  ) => about(textDocument.uri, cancel, (analysis) => answer(analysis, places.offset(analysis.text, position)))

  connection.onHover((placed, cancel) =>
    at(placed, cancel, (analysis, offset) => {
      const hover = hoverAt(workspace, analysis, offset)
      if (!hover) return null
      const contents = { kind: MarkupKind.Markdown, value: hover.text }
      return { contents, range: places.range(analysis.text, hover.range) }
    }),
  )
  connection.onCompletion((placed, cancel) =>
    at(placed, cancel, ({ source, text }, offset) => {
      const { replace, items } = completionsAt(workspace, source, text, offset)
      const range = places.range(text, replace)
      const bracketFollows = text[replace.end] === '('
      return items.map((item) => ({
        label: item.label,
        kind: completionKinds[item.kind],
        ...(item.detail !== undefined && { detail: item.detail }),
        ...(item.documentation !== undefined && {
          documentation: { kind: MarkupKind.Markdown, value: item.documentation },
        }),
        sortText: `${item.rank}${String(items.indexOf(item)).padStart(4, '0')}`,
        filterText: item.label,
        ...written(item, range, bracketFollows),
      }))
    }),
  )
  connection.onSignatureHelp((placed, cancel) =>
    at(placed, cancel, (analysis, offset) => {
      const signature = signatureAt(analysis, offset)
      if (!signature) return null
      const { label, parameters, active } = signature
      const described = parameters.map(({ label: name, documentation }) => ({
        label: name,
        ...(documentation !== undefined && { documentation: { kind: MarkupKind.Markdown, value: documentation } }),
      }))
      return {
        signatures: [{ label, parameters: described }],
        activeSignature: 0,
        ...(active !== undefined && { activeParameter: active }),
      }
    }),
  )
  connection.onDefinition((placed, cancel) =>
    at(placed, cancel, (analysis, offset) => names.definition(analysis, offset) ?? null),
  )
  connection.onReferences((placed, cancel) =>
    at(placed, cancel, (analysis, offset) => names.references(analysis, offset, placed.context.includeDeclaration)),
  )
  connection.onPrepareRename((placed, cancel) =>
    at(placed, cancel, (analysis, offset) => names.renamable(analysis, offset)),
  )
  connection.onRenameRequest((placed, cancel) =>
    at(placed, cancel, async (analysis, offset) => edit(await names.rename(analysis, offset, placed.newName))),
  )
  connection.onDocumentSymbol(({ textDocument }, cancel) =>
    about(textDocument.uri, cancel, (analysis) => protocolSymbols(analysis, places)),
  )
  connection.onFoldingRanges(({ textDocument }, cancel) =>
    about(textDocument.uri, cancel, (analysis) => protocolFolds(analysis, places)),
  )
  connection.languages.semanticTokens.on(
    ({ textDocument }, cancel) =>
      about(textDocument.uri, cancel, (analysis) => ({ data: protocolTokens(analysis, places) })) ?? { data: [] },
  )
  connection.languages.inlayHint.on(({ textDocument, range }, cancel) =>
    about(textDocument.uri, cancel, (analysis) => {
      const stretch = { start: places.offset(analysis.text, range.start), end: places.offset(analysis.text, range.end) }
      return hintsOf(analysis, stretch).map(({ offset, text }) => ({
        position: places.position(analysis.text, offset),
        label: text,
        paddingLeft: true,
      }))
    }),
  )
  connection.onCodeAction(({ textDocument, range }, cancel) =>
    about(textDocument.uri, cancel, (analysis) => {
      const stretch = { start: places.offset(analysis.text, range.start), end: places.offset(analysis.text, range.end) }
      return actionsOf(analysis, stretch, places, edit)
    }),
  )
  connection.onCodeLens(({ textDocument }, cancel) =>
    about(textDocument.uri, cancel, (analysis) =>
      lensesOf(analysis).map(({ text, ...range }) => ({
        range: places.range(analysis.text, range),
        command: { title: text, command: '' },
      })),
    ),
  )
  connection.onDocumentFormatting(({ textDocument }, cancel) =>
    about(textDocument.uri, cancel, ({ source, text }) => {
      const newText = format(source, text).text
      return newText === text ? [] : [{ range: places.range(text, { start: 0, end: text.length }), newText }]
    }),
  )
  /** Answers a request of this server's own. Parameters of another form are refused. */
  const own = <Taken extends { readonly textDocument: { readonly uri: string } }, Answer>(
    { method, takes }: { readonly method: string; readonly takes: z.ZodType<Taken> },
    answer: (analysis: Analysis, taken: Taken) => Answer,
  ) =>
    connection.onRequest(method, (params: unknown, cancel) => {
      const taken = takes.safeParse(params)
      if (!taken.success)
        return new ResponseError<void>(ErrorCodes.InvalidParams, `${method}: ${z.prettifyError(taken.error)}`)
      return about(taken.data.textDocument.uri, cancel, (analysis) => answer(analysis, taken.data))
    })
  own(figureRequest, (analysis, { theme }): FigureResult => figureOf(analysis, theme, places))
  own(
    codeRequest,
    ({ source, text }, { target }): Promise<CodeResult> => codeOf(files.library(), { source, text }, target),
  )
  own(checkRequest, ({ diagnostics, whole }): CheckOutcome => {
    const errors = diagnostics.filter(({ severity }) => severity === 'error').length
    const size = whole && sizeOf(whole)
    return { errors, warnings: diagnostics.length - errors, ...(size !== undefined && { size }) }
  })
  documents.listen(connection)
  connection.listen()
}

/** The edits of a completion. */
function written({ label, insert, call }: Completion, range: ReturnType<Places['range']>, bracketFollows: boolean) {
  if (call && !bracketFollows)
    return { insertTextFormat: InsertTextFormat.Snippet, textEdit: { range, newText: `${label}($0)` } }
  return { textEdit: { range, newText: insert ?? label } }
}
