import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { LSPErrorCodes, ResponseError } from 'vscode-languageserver/node.js'
import { keyOf, Random } from '../../runtime/random.js'
import { LanguageClient } from '../support/language_client.js'
import { change, of, specs } from '../support/mutations.js'

/** Random edits and requests at random places, through the protocol. WSBAN_FUZZ_SECONDS says for how long, WSBAN_SEED which ones. */
const seconds = Number(process.env.WSBAN_FUZZ_SECONDS ?? 6)
const seed = Number(process.env.WSBAN_SEED ?? 1)
/** Milliseconds; about a second on a machine that does nothing else. */
const longest = 3000

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

test('the server answers everything while a text is being broken and mended', async (t) => {
  t.timeout(seconds * 1000 + 60_000)
  const random = new Random(keyOf(seed, 'editing'))
  const client = await LanguageClient.start(folder)
  const end = performance.now() + seconds * 1000
  let answers = 0
  let slowest = 0
  for (let document = 0; performance.now() < end; document++) {
    const uri = await client.open(join(folder, `fuzz_${document % 3}.wsban`), of(random, specs))
    for (let step = 0; step < 40 && performance.now() < end; step++) {
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
        // What cannot be renamed is refused in words.
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
  t.true(answers > 10)
})
