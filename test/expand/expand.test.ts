import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { Library } from '../../compiler/analysis/modules.js'
import { compile } from '../../compiler/compile.js'
import { expand } from '../../compiler/expand/expand.js'
import { format } from '../../grammar/format.js'
import { parse } from '../../grammar/parse.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'

const nothing: Library = { standard: [], find: () => undefined }

/** Returns the graph without source positions and block names, which do not affect it. */
function graphOf(t: ExecutionContext, text: string, library: Library, settings: ModelSettings): unknown {
  const { graph, diagnostics } = compile({ source: 'spec', text }, library, settings)
  if (!graph) throw t.fail(diagnostics.map(({ message }) => message).join('\n'))
  const plain = { ...graph, parameters: [...graph.parameters] }
  return JSON.parse(
    JSON.stringify(plain, (key, value: unknown) => (key === 'span' || key === 'definition' ? undefined : value)),
  )
}

function agrees(t: ExecutionContext, text: string, library: Library, settings: ModelSettings = {}): string {
  const whole = expand('spec', text, library)
  t.deepEqual(parse('spec', whole).file.imports, [])
  t.deepEqual(graphOf(t, whole, nothing, settings), graphOf(t, text, library, settings))
  t.is(expand('spec', whole, nothing), whole, 'nothing more is left unsaid')
  t.is(format('spec', whole).text, whole)
  return whole
}

const root = packageRoot()
const specs = [
  ...readdirSync(join(root, 'models')).map((file) => join('models', file)),
  ...readdirSync(join(root, 'test/fixtures/models')).map((file) => join('test/fixtures/models', file)),
  'test/fixtures/published_backbones.wsban',
].filter((file) => file.endsWith('.wsban'))

for (const file of specs)
  test(`${file} written out is the same graph`, (t) => {
    agrees(t, readFileSync(join(root, file), 'utf8'), diskLibrary())
  })

test('what a setting chooses is written out, too', (t) => {
  const text = (name: string) => readFileSync(join(root, 'models', name), 'utf8')
  agrees(t, text('wsdan.wsban'), diskLibrary(), { head: 'tap', maps: 8 })
  agrees(t, text('wsban.wsban'), diskLibrary(), { joint: 'classifier' })
  agrees(t, text('bilinear_cnn.wsban'), diskLibrary(), { trunks: 2 })
})

test('a comma may follow the last argument and the last image step', (t) => {
  agrees(
    t,
    `block same(x, n = 3) { return conv2d(x, n, 1,) }
model m(classes = 2, size = 8) {
  input image: Image[3, size, size] { resize(size,), }
  input label: Class[classes]
  branch a(image) { logits = same(image,) -> max_pool(2,) -> relu -> flatten -> linear(classes,) }
  loss { l = cross_entropy(a.logits, label,) }
  predict probabilities = softmax(a.logits,)
  train { optimizer = sgd(rate = 0.1,), epochs = 2 }
}
`,
    diskLibrary(),
  )
})

test('blocks of one name, a block called as an operation, and a model with nothing said', (t) => {
  const files: Record<string, string> = {
    './a': 'block same(x, n = 3) { return conv2d(x, n, 1) }\nblock one(x, k = 2) { y = x -> same -> relu return y }',
    './c/a': 'block same(x) { return dropout(x) }\nblock three(x) { return same(x) }',
    './b':
      '// what b has\nblock same(x) { return relu(x) }\nblock resize(x) { return same(x) }\nblock two(x) { return resize(x) }',
  }
  const library: Library = {
    standard: [],
    find: (specifier) => {
      const text = files[specifier]
      return text === undefined ? undefined : { source: specifier, text }
    },
  }
  const whole = agrees(
    t,
    `import one from "./a"
import two from "./b"
import three from "./c/a"
model m() {
  input image: Image[3, 8, 8]
  input label: Class[3]
  branch b(image) { x = one(image) y = resize(two(three(x)), size = 4) logits = y -> global_avg_pool }
  loss { b = cross_entropy(b.logits, label) }
  predict p = softmax(b.logits)
}`,
    library,
  )
  t.regex(whole, /block b_same\(x\)/)
  t.regex(whole, /block a_same\(x\)/)
  t.regex(whole, /block b_resize\(x\)/)
  t.regex(whole, /same\(n = 3\)/)
  t.regex(whole, /train \{\n {4}epochs = 10\n|train \{\n {4}epochs {8,}= 10/)
})

test('every kind of expression in a model keeps its meaning', (t) => {
  agrees(
    t,
    `block grown(x, filters = 4, half = filters / 2, note = "none", flag = true, sides = [3, 3], pads = [half / 2, 1], share = 10%) {
  y = x -> conv2d(filters, sides, padding = pads) -> dropout(share)
  return flag == true ? y : relu(y)
}
model m(classes = 3, size = 8) {
  input image: Image[3, size, size] { resize(size) }
  input label: Class[classes]
  branch a(image) {
    x = repeat 2 as i, x = grown(image) { return grown(x, filters = 4 + i * 0) }
    z = repeat 2 x = x { return relu(x) }
    y = (training ? z : relu(x)) * -(-1)
    logits = linear(global_avg_pool(sum(y, x)), classes)
  }
  loss { l = cross_entropy(a.logits, label) }
  predict probabilities = softmax(a.logits)
  train {
    augment image { resize(size) flip() }
    trunk = group(a.x, rate = 10%)
    rest  = group(a.logits)
  }
}
`,
    diskLibrary(),
  )
})

test('a file of blocks alone is written out block by block', (t) => {
  const library: Library = {
    standard: [],
    find: () => ({ source: '../9', text: 'block same(x, n = 3) { return relu(x) }' }),
  }
  const text = 'import same from "../9"\n// two of them\nblock twice(x) { return same(x) -> same }\n'
  const whole = expand('spec', text, library)
  t.deepEqual(
    parse('spec', whole).file.blocks.map(({ name }) => name.text),
    ['same', 'twice'],
  )
  t.is(expand('spec', whole, nothing), whole)
})
