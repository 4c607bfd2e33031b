import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  DefinitionRequest,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentFormattingRequest,
  DocumentSymbolRequest,
  HoverRequest,
  RenameRequest,
} from 'vscode-languageserver/node.js'
import { LanguageClient } from '../support/language_client.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-addresses-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const addresses = [
  'file://%zz%',
  'file:///%zz%',
  'file:///a%2Fb.wsban',
  'file://elsewhere/share/a.wsban',
  'file:a.wsban',
  'file:',
  'FILE:///tmp/a.wsban',
  'untitled:Untitled-1',
  'untitled:',
  'vscode-notebook-cell:/x.ipynb#1',
  'http://example.com/a.wsban',
  'a b c',
  '',
  '%',
  '__proto__',
]
const text = 'import x from "./y"\n\nmodel m(classes = 3) {\n  input image: Image[3, 8, 8]\n  a = relu(image)\n}\n'

for (const uri of addresses)
  test(`a document at ${JSON.stringify(uri)} is answered for`, async (t) => {
    const client = await LanguageClient.start(folder)
    const { connection } = client
    const textDocument = { uri, languageId: 'wsban', version: 1, text }
    await connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument })
    const position = { line: 4, character: 7 }
    const hover = await connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position })
    t.regex(JSON.stringify(hover), /relu/)
    await connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: `${text}\n` }],
    })
    for (const type of [DocumentSymbolRequest.type, DocumentFormattingRequest.type])
      await connection.sendRequest(type.method, {
        textDocument: { uri },
        options: { tabSize: 2, insertSpaces: true },
      })
    await connection.sendRequest(DefinitionRequest.type, { textDocument: { uri }, position })
    await connection.sendRequest(RenameRequest.type, {
      textDocument: { uri },
      position: { line: 4, character: 2 },
      newName: 'b',
    })
    await connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } })
    t.is(await connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position }), null)
  })

test('a document that comes without its text, and changes that hold none, leave the server alive', async (t) => {
  const { connection } = await LanguageClient.start(folder)
  const uri = 'untitled:Untitled-1'
  for (const method of ['textDocument/didOpen', 'textDocument/didChange'])
    await connection.sendNotification(method, {
      textDocument: { uri, languageId: 'wsban', version: 1 },
      contentChanges: [{}, { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } }],
    })
  await connection.sendNotification('textDocument/didOpen', { textDocument: { languageId: 'wsban', version: 1, text } })
  const symbols = await connection.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri } })
  t.deepEqual(symbols, [])
})
