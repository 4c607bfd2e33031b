import test from 'ava'
import type { Library } from '../../compiler/analysis/modules.js'
import { compile } from '../../compiler/compile.js'

const files: Readonly<Record<string, string>> = {
  one: 'import halved from "./two"\nblock one(x) {\n  return halved(x)\n}\n',
  two: 'block halved(x) {\n  return x / 2\n}\n',
}

test('each import is looked up once', (t) => {
  const found: string[] = []
  const library: Library = {
    standard: [],
    find(specifier, importer) {
      found.push(`${importer} ${specifier}`)
      const name = specifier.replace('./', '')
      return { source: name, text: files[name] ?? '' }
    },
  }
  const text = `import one from "./one"
import halved from "./two"

model small(classes = 3) {
  input image: Image[3, 8, 8]
  input label: Class[classes]
  branch whole(image) { logits = halved(one(image)) -> global_avg_pool -> linear(classes) }
  loss { whole = cross_entropy(whole.logits, label) }
  predict p = softmax(whole.logits)
}
`
  t.deepEqual(compile({ source: 'spec', text }, library).diagnostics, [])
  t.deepEqual(found, ['spec ./one', 'one ./two', 'spec ./two'])
})
