import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { LSPErrorCodes, ResponseError } from 'vscode-languageserver/node.js'
import { keyOf, Random } from '../../compiler/random.js'
import { LanguageClient } from '../support/language_client.js'
import { change, of, specs } from '../support/mutations.js'
import { lastResort } from '../support/waiting.js'

/** Random edits and requests at random places, through the protocol. WSBAN_EDITS is their number, WSBAN_SEED their seed. */
const count = Number(process.env.WSBAN_EDITS ?? 300)
const seed = Number(process.env.WSBAN_SEED ?? 1)
/**
 * The limit in milliseconds above which a long run reports an edit; about a second on an idle machine. Not checked without WSBAN_EDITS, as machines
 * differ.
 */
const longest = process.env.WSBAN_EDITS === undefined ? Number.POSITIVE_INFINITY : 3000

const folder = mkdtempSync(join(tmpdir(), 'wsban-fuzz-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const methods = [
  'hover',
  'completion',
  'signatureHelp',
  'definition',
  'references',
  'prepareRename',
  'rename',
  'documentSymbol',
  'foldingRange',
  'semanticTokens/full',
  'inlayHint',
  'codeAction',
  'codeLens',
  'formatting',
] as const

test('the server answers everything while a text is broken and repaired', async (t) => {
  t.timeout(Math.max(lastResort, count * 1000))
  const random = new Random(keyOf(seed, 'editing'))
  const client = await LanguageClient.start(folder)
  let answers = 0
  let slowest = 0
  for (let document = 0; answers < count; document++) {
    const uri = await client.open(join(folder, `fuzz_${document % 3}.wsban`), of(random, specs))
    for (let step = 0; step < 40 && answers < count; step++) {
      const { start, end: until, text } = change(client.text(uri), random)
      await client.edit(uri, start, until, text)
      const at = client.at(uri, random.integer(client.text(uri).length + 1))
      const other = client.at(uri, random.integer(client.text(uri).length + 1))
      const method = of(random, methods)
      const began = performance.now()
      const extra = {
        newName: 'renamed',
        options: { tabSize: 2, insertSpaces: true },
        context: { includeDeclaration: true, diagnostics: [] },
        range: { start: at.position, end: other.position },
      }
      try {
        await client.connection.sendRequest(`textDocument/${method}`, { ...at, ...extra })
      } catch (error) {
        // A rename that is not possible is rejected with a message.
        const refused = error instanceof ResponseError && error.code === LSPErrorCodes.RequestFailed
        if (!refused) t.fail(`${method}: ${String(error)}\n${client.text(uri)}`)
      }
      if (random.integer(3) === 0) await client.diagnostics(uri)
      const took = performance.now() - began
      slowest = Math.max(slowest, took)
      answers++
      if (took > longest) t.fail(`${method} took ${took.toFixed(0)} ms:\n${client.text(uri)}`)
    }
  }
  t.log(`${answers} answers, the slowest after ${slowest.toFixed(0)} ms`)
  t.is(answers, count)
})
