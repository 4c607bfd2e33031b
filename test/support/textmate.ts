import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import oniguruma from 'vscode-oniguruma'
import textmate from 'vscode-textmate'
import { packageRoot } from '../../runtime/package_root.js'

export interface Coloured {
  readonly start: number
  readonly end: number
  readonly scopes: readonly string[]
}

/** Texts coloured as an editor does it: by the written grammar, on the editor's own machine for regular expressions. */
export async function colourer(): Promise<(text: string) => Coloured[]> {
  const wasm = createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm')
  await oniguruma.loadWASM(readFileSync(wasm).buffer)
  const path = join(packageRoot(), 'editors', 'vscode', 'syntaxes', 'wsban.tmLanguage.json')
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(readFileSync(path, 'utf8'), path),
  })
  const grammar = await registry.loadGrammar('source.wsban')
  if (!grammar) throw new Error('the grammar cannot be read')
  return (text) => {
    const found: Coloured[] = []
    let state = textmate.INITIAL
    let offset = 0
    for (const line of text.split('\n')) {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, state)
      for (const { startIndex, endIndex, scopes } of tokens)
        found.push({ start: offset + startIndex, end: offset + Math.min(endIndex, line.length), scopes })
      state = ruleStack
      offset += line.length + 1
    }
    return found
  }
}
