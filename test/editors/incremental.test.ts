import test from 'ava'
import { compile, neededOf } from '../../compiler/compile.js'
import { keyOf, Random } from '../../compiler/random.js'
import { Workspace } from '../../editors/language/workspace.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { change, of, specs } from '../support/mutations.js'

/** Changes after which a model still compiles, so that expanded blocks are reused from the previous analysis. */
const gentle: readonly (readonly [RegExp, string])[] = [
  [/maps = \d+/, 'maps = 24'],
  [/size = \d+/, 'size = 128'],
  [/^/, '// a line\n'],
  [/-> signed_sqrt/, '-> relu -> signed_sqrt'],
  [/-> relu -> signed_sqrt/, '-> signed_sqrt'],
  [/dropout = \d+%/, 'dropout = 5%'],
  [/\/\/.*\n/, '\n'],
  [/branch part = master\(crop\)/, 'branch part = master(image)'],
]

test('what is kept from one analysis to the next changes nothing', (t) => {
  const workspace = new Workspace(diskLibrary())
  const random = new Random(keyOf(3, 'incremental'))
  const models = specs.filter((text) => /^model /m.test(text) && !text.includes('//!'))
  let whole = 0
  for (let document = 0; document < 5; document++) {
    let text = of(random, models)
    for (let step = 0; step < 8; step++) {
      const [pattern, put] = of(random, gentle)
      const before = text
      if (random.integer(4) > 0) text = text.replace(pattern, put)
      else {
        const { start, end, text: piece } = change(text, random)
        text = text.slice(0, start) + piece + text.slice(end)
      }
      const analysis = workspace.analysis('models/edited.wsban', text)
      const { graph, diagnostics } = compile({ source: 'models/edited.wsban', text }, diskLibrary())
      t.deepEqual(analysis.whole && neededOf(analysis.whole), graph)
      t.deepEqual(analysis.diagnostics, diagnostics)
      if (graph) whole++
      else text = before
    }
  }
  t.true(whole > 15, `${whole} of them compiled`)
})

test('a call of an imported block is kept for the same values of every kind, and for no others', (t) => {
  const blocks = `block kept(x, n = 4, sides = 3, share = 0, note = "a", plain = true, range = 0) {
  y = x -> conv2d(n, sides, padding = 1) -> dropout(share)
  return note == "a" ? (plain == true ? y : relu(y)) : relu6(y)
}
block passed(x) { y = relu(x) return x }
block lent(x) { return passed(x) }
block same(x) { return x }
block tapped(x) { k = 2 held = passed(x) y = relu(x) return y }
block named(x) { before = x y = relu(x) return y }`
  const standard = diskLibrary()
  const library = {
    standard: standard.standard,
    find: (specifier: string, importer: string) =>
      specifier === './blocks' ? { source: './blocks', text: blocks } : standard.find(specifier, importer),
  }
  const model = (given: string, first = 'image') => `import kept, passed, lent, same, tapped, named from "./blocks"
model m(size = 8) {
  input image: Image[3, size, size]
  input label: Class[3]
  branch a(image) {
    x      = passed(lent(same(${first})))
    z      = named(tapped(${first}))
    y      = kept(${first}, ${given})
    logits = y -> global_avg_pool -> linear(3)
  }
  loss { l = cross_entropy(a.logits, label) }
  predict p = softmax(a.logits)
}
`
  const workspace = new Workspace(library)
  const changes = [
    ['n = 4', 'n = 5'],
    ['sides = [3, 3]', 'sides = [3, 1]'],
    ['share = training ? 10% : 0', 'share = training ? 20% : 0'],
    ['note = "a"', 'note = "b"'],
    ['plain = true', 'plain = false'],
    ['range = uniform(10%, 20%)', 'range = uniform(10%, 30%)'],
  ] as const
  // A comment shifts all positions and changes nothing else.
  for (const [one, other] of changes)
    for (const text of [model(one), `// again\n${model(one)}`, model(other), model(one, 'relu(image)'), model(one)]) {
      const analysis = workspace.analysis('models/edited.wsban', text)
      const { graph, diagnostics } = compile({ source: 'models/edited.wsban', text }, library)
      t.truthy(graph, JSON.stringify(diagnostics))
      t.deepEqual(analysis.whole && neededOf(analysis.whole), graph, one)
    }
})
