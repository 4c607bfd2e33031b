import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { generatedPages } from '../../docs/generate.js'
import { packageRoot } from '../../runtime/package-root.js'
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

/** Diagnostics and the language have tests of their own, for examples with mistakes. */
test('whole models in the pages compile', (t) => {
  const right = pages().filter((page) => page !== 'docs/diagnostics.md' && page !== 'docs/language.md')
  const blocks = right.flatMap((page) =>
    [...read(page).matchAll(/```wsban\n([\s\S]*?)```/g)].map(([, text = '']) => ({ page, text })),
  )
  const models = blocks.filter(({ text }) => /^model /m.test(text))
  t.true(models.length > 0)
  for (const { page, text } of models) t.deepEqual(compile({ source: page, text }, diskLibrary()).diagnostics, [], page)
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
