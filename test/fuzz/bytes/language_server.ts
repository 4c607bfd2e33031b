import { PassThrough } from 'node:stream'
import {
  createConnection,
  createProtocolConnection,
  HoverRequest,
  InitializeRequest,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node.js'
import { serve } from '../../../editors/server/server.js'

const uri = 'file:///tmp/small.wsban'
const text = 'model m(classes = 3) {\n  input image: Image[3, 8, 8]\n  a = relu(image)\n}\n'
const textDocument = { uri }
const position = { line: 2, character: 7 }

/** One message of each kind that an editor sends. */
const messages: readonly (readonly [method: string, parameters: unknown, request: boolean])[] = [
  ['textDocument/didOpen', { textDocument: { uri, languageId: 'wsban', version: 1, text } }, false],
  [
    'textDocument/didChange',
    {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range: { start: position, end: position }, text: 'x' }, { text }],
    },
    false,
  ],
  ['textDocument/hover', { textDocument, position }, true],
  ['textDocument/completion', { textDocument, position, context: { triggerKind: 1 } }, true],
  ['textDocument/rename', { textDocument, position, newName: 'b' }, true],
  ['textDocument/references', { textDocument, position, context: { includeDeclaration: true } }, true],
  ['textDocument/formatting', { textDocument, options: { tabSize: 2, insertSpaces: true } }, true],
  ['textDocument/semanticTokens/full', { textDocument }, true],
  [
    'textDocument/codeAction',
    { textDocument, range: { start: position, end: position }, context: { diagnostics: [] } },
    true,
  ],
  ['textDocument/inlayHint', { textDocument, range: { start: position, end: position } }, true],
  ['textDocument/didClose', { textDocument }, false],
  ['workspace/didChangeWatchedFiles', { changes: [{ uri, type: 2 }] }, false],
]

export function messageSeeds(): readonly Uint8Array[] {
  return messages.map(([method, params, request]) =>
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...(request && { id: 7 }), method, params })),
  )
}

/** A server in this process that keeps running from input to input, as in an editor. */
export class ServerUnderTest {
  private constructor(
    private readonly toServer: PassThrough,
    private readonly alive: () => Promise<void>,
  ) {}

  static async start(): Promise<ServerUnderTest> {
    const [toServer, toClient] = [new PassThrough(), new PassThrough()]
    serve(createConnection(ProposedFeatures.all, new StreamMessageReader(toServer), new StreamMessageWriter(toClient)))
    const client = createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer))
    // Responses to damaged messages have no request.
    client.onError(() => {})
    client.onUnhandledNotification(() => {})
    client.listen()
    await client.sendRequest(InitializeRequest.type, {
      processId: null,
      rootUri: null,
      capabilities: {},
      workspaceFolders: null,
    })
    const alive = async () => {
      await client.sendRequest(HoverRequest.type, { textDocument: { uri: 'file:///tmp/other.wsban' }, position })
    }
    return new ServerUnderTest(toServer, alive)
  }

  /** Sends the bytes as a message. @throws when the server does not answer the next request */
  async receive(body: Uint8Array): Promise<void> {
    this.toServer.write(`Content-Length: ${body.length}\r\n\r\n`)
    this.toServer.write(body)
    await this.alive()
  }
}
