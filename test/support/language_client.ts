import { PassThrough } from 'node:stream'
import { pathToFileURL } from 'node:url'
import {
  type ClientCapabilities,
  createConnection,
  createProtocolConnection,
  type Diagnostic,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  InitializeRequest,
  type Position,
  ProposedFeatures,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node.js'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { serve } from '../../editors/server/server.js'

/** A client of the language server in this process, which uses its protocol. */
export class LanguageClient {
  private readonly documents = new Map<string, TextDocument>()
  private readonly published = new Map<string, PublishDiagnosticsParams>()
  private readonly waiting: (() => void)[] = []

  private constructor(readonly connection: ProtocolConnection) {
    connection.onNotification(PublishDiagnosticsNotification.type, (said) => {
      this.published.set(said.uri, said)
      for (const wake of this.waiting.splice(0)) wake()
    })
    connection.listen()
  }

  static async start(folder: string, capabilities: ClientCapabilities = {}): Promise<LanguageClient> {
    const [toServer, toClient] = [new PassThrough(), new PassThrough()]
    serve(createConnection(ProposedFeatures.all, new StreamMessageReader(toServer), new StreamMessageWriter(toClient)))
    const connection = createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer))
    const client = new LanguageClient(connection)
    const uri = pathToFileURL(folder).href
    await connection.sendRequest(InitializeRequest.type, {
      processId: null,
      rootUri: uri,
      capabilities,
      workspaceFolders: [{ uri, name: 'test' }],
    })
    return client
  }

  async open(path: string, text: string): Promise<string> {
    const uri = pathToFileURL(path).href
    const document = TextDocument.create(uri, 'wsban', 1, text)
    this.documents.set(uri, document)
    const textDocument = { uri, languageId: 'wsban', version: 1, text }
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument })
    return uri
  }

  /** Replaces a range of the text, as typing does. */
  async edit(uri: string, start: number, end: number, text: string): Promise<void> {
    const document = this.document(uri)
    const range = { start: document.positionAt(start), end: document.positionAt(end) }
    const version = document.version + 1
    TextDocument.update(document, [{ range, text }], version)
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges: [{ range, text }],
    })
  }

  text(uri: string): string {
    return this.document(uri).getText()
  }

  /** Diagnostics of the text as it is now, if they have arrived. */
  arrived(uri: string): readonly Diagnostic[] | undefined {
    const said = this.published.get(uri)
    return said?.version !== undefined && said.version >= this.document(uri).version ? said.diagnostics : undefined
  }

  /** Diagnostics of the text as it is now. */
  async diagnostics(uri: string): Promise<readonly Diagnostic[]> {
    for (;;) {
      const arrived = this.arrived(uri)
      if (arrived) return arrived
      await new Promise<void>((settle) => this.waiting.push(settle))
    }
  }

  at(uri: string, offset: number): { textDocument: { uri: string }; position: Position } {
    return { textDocument: { uri }, position: this.document(uri).positionAt(offset) }
  }

  offsetAt(uri: string, position: Position): number {
    return this.document(uri).offsetAt(position)
  }

  stop(): void {
    this.connection.dispose()
  }

  private document(uri: string): TextDocument {
    const document = this.documents.get(uri)
    if (!document) throw new Error(`${uri} is not open`)
    return document
  }
}
