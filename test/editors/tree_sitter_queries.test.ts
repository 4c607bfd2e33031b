import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { Language, Parser, Query } from 'web-tree-sitter'
import { operations } from '../../compiler/ops/index.js'
import { packageRoot } from '../../runtime/package_root.js'

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8')
const folders = ['editors/neovim/queries/wsban', 'editors/helix/queries/wsban', 'editors/zed/languages/wsban']
const queries = folders.flatMap((folder) =>
  readdirSync(join(packageRoot(), folder))
    .filter((file) => file.endsWith('.scm'))
    .map((file) => `${folder}/${file}`),
)

await Parser.init()
const language = await Language.load(readFileSync(join(packageRoot(), 'editors/tree-sitter/tree-sitter-wsban.wasm')))
const parser = new Parser()
parser.setLanguage(language)

function treeOf(text: string) {
  const tree = parser.parse(text)
  if (!tree) throw new Error('tree-sitter was cancelled')
  return tree
}

const models = readdirSync(join(packageRoot(), 'models')).filter((file) => file.endsWith('.wsban'))

for (const path of queries)
  test(`${path} fits the grammar and finds something in the models`, (t) => {
    const query = new Query(language, read(path))
    const found = models.reduce((sum, file) => sum + query.captures(treeOf(read(`models/${file}`)).rootNode).length, 0)
    t.true(found > models.length, `${found} captures`)
  })

for (const path of queries.filter((one) => one.endsWith('highlights.scm')))
  test(`${path} gives no node two colours, and every operation the same`, (t) => {
    const query = new Query(language, read(path))
    for (const file of models) {
      const seen = new Map<number, string>()
      for (const { name, node } of query.captures(treeOf(read(`models/${file}`)).rootNode)) {
        t.is(seen.get(node.id) ?? name, name, `${file}: ${node.text}`)
        t.false(seen.has(node.id), `${file}: ${node.text}`)
        seen.set(node.id, name)
      }
    }
    for (const name of operations.keys()) {
      const text = `block b(x) { y = ${name}(x) z = x -> ${name} u = own(x) }`
      const coloured = query.captures(treeOf(text).rootNode).filter(({ node }) => node.text === name)
      t.is(coloured.length, 2, name)
      t.true(
        coloured.every((one) => one.name.startsWith('function')),
        name,
      )
    }
  })

test('Helix and Zed are told where the grammar lies in a clone, and use it for the language', (t) => {
  for (const [path, clone] of [
    ['editors/helix/languages.toml', '/path/to/wsban/'],
    ['editors/zed/extension.toml', ''],
  ] as const) {
    const grammar = new RegExp(`\\bpath = "${clone}([^"]+)"`).exec(read(path))?.[1] ?? ''
    t.true(existsSync(join(packageRoot(), grammar, 'src', 'parser.c')), `${path}: ${grammar}`)
  }
  t.regex(read('editors/helix/languages.toml'), /\[\[grammar\]\]\nname = "wsban"\n/)
  t.regex(read('editors/zed/extension.toml'), /\[grammars\.wsban\]/)
  t.regex(read('editors/zed/languages/wsban/config.toml'), /^grammar = "wsban"$/m)
})
