import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { withSynonyms } from '../../docs/.vitepress/synonyms.js'
import { generatedPages } from '../../docs/generate.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8')

for (const [path, text] of generatedPages())
  test(`${path} is what the compiler knows (npm run docs)`, (t) => {
    t.is(read(path), text)
  })

function pages(): string[] {
  const names = readdirSync(join(packageRoot(), 'docs')).filter((file) => file.endsWith('.md'))
  return ['README.md', ...names.map((file) => `docs/${file}`)]
}

/** The pages of diagnostics and of the language, whose examples have errors, have their own tests. */
test('whole models in the pages compile', (t) => {
  const right = pages().filter((page) => page !== 'docs/diagnostics.md' && page !== 'docs/language.md')
  const blocks = right.flatMap((page) =>
    [...read(page).matchAll(/```wsban\n([\s\S]*?)```/g)].map(([, text = '']) => ({ page, text })),
  )
  const models = blocks.filter(({ text }) => /^model /m.test(text))
  t.true(models.length > 0)
  for (const { page, text } of models) t.deepEqual(compile({ source: page, text }, diskLibrary()).diagnostics, [], page)
})

test('the backbones of docs/backbone.md compile, and the published one has the weights of timm', (t) => {
  const examples = [...read('docs/backbone.md').matchAll(/```wsban\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  const counts = examples.map((blocks) => {
    const [name = ''] = [...blocks.matchAll(/^block (\w+)\(image\b/gm)].map(([, found = '']) => found)
    const text = `${blocks}
model example(classes = 1000) {
  input image: Image[3, 96, 96]
  input label: Class[classes]
  branch net(image) {
    trunk  = ${name}(image)
    logits = trunk -> flatten -> linear(classes)
  }
  loss { error = cross_entropy(net.logits, label) }
  predict p = softmax(net.logits)
}`
    const { graph, diagnostics } = compile({ source: 'docs/backbone.md', text }, diskLibrary())
    t.deepEqual(diagnostics, [], name)
    const own = [...(graph?.parameters.values() ?? [])].filter((one) => one.name.startsWith('net.trunk.'))
    const values = own.flatMap(({ trainable, shape }) => (trainable ? shape.reduce((all, size) => all * size, 1) : []))
    return [name, values.reduce((sum, count) => sum + count, 0)]
  })
  // timm 1.0.31: sum(p.numel() for p in timm.create_model("vovnet39a").parameters()).
  t.deepEqual(counts.at(-1), ['vovnet39a', 22600296])
})

test('every column of a table has a name', (t) => {
  for (const page of [...pages(), 'CONTRIBUTING.md', 'ARCHITECTURE.md', ...[...generatedPages()].map(([path]) => path)])
    for (const [, header = ''] of read(page).matchAll(/^(\|.*\|) *\n\|[ :|-]+\| *$/gm))
      t.notRegex(header, /\| *\|/, page)
})

test('links between the pages lead somewhere', (t) => {
  for (const page of [...pages(), 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md'])
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
      t.notThrows(() => read(join(page, '..', target)), `${page}: ${target}`)
})

test('pages in docs/ link to nothing outside of it: the site would not have it', (t) => {
  for (const page of pages().filter((name) => name !== 'README.md'))
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
      t.true(join('docs', target).startsWith('docs/'), `${page}: ${target}`)
})

test('the search of the site finds the terms of other frameworks under words that the pages have', (t) => {
  const texts = [...pages().map(read), ...[...generatedPages()].map(([, text]) => text)].join('\n').toLowerCase()
  const [, table = ''] = /const synonyms.*? = \{([\s\S]*?)\n {2}\}/.exec(read('docs/.vitepress/synonyms.ts')) ?? []
  const words = [...table.matchAll(/^ {4}'?([\w-]+)'?: \[/gm)].map(([, word = '']) => word)
  t.true(words.length > 40)
  const found = new Set(texts.split(/[^a-z0-9]+/))
  const missing = words.flatMap((word) =>
    withSynonyms(word.toUpperCase())
      .slice(1)
      .filter((other) => !other.split(' ').every((part) => found.has(part))),
  )
  t.deepEqual(missing, [])
  t.deepEqual(withSynonyms('Dense'), ['dense', 'linear'])
  t.deepEqual(withSynonyms('constructor'), ['constructor'])
})
