import test from 'ava'
import { compile, neededOf } from '../../compiler/compile.js'
import { Workspace } from '../../editors/language/workspace.js'
import { keyOf, Random } from '../../runtime/random.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { change, of, specs } from '../support/mutations.js'

/** Changes after which a model still compiles, so that blocks are put in again from the analysis before. */
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
