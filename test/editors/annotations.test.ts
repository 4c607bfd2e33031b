import test from 'ava'
import { semanticTokensOf } from '../../editors/language/annotations.js'
import { Workspace } from '../../editors/language/workspace.js'
import { diskLibrary } from '../../runtime/specs/library.js'

test('a name within the name of rounds has its own colour, and no two colours overlap', (t) => {
  const text = 'block b(x) { return repeat 2 as i, y = x named "l{i + 1}-{i}" { return relu(y) } }'
  const tokens = semanticTokensOf(new Workspace(diskLibrary()).analysis('b.wsban', text))
  const shown = tokens.map(({ start, end, kind }) => `${text.slice(start, end)} ${kind}`)
  const first = shown.indexOf('"l{ string')
  t.deepEqual(shown.slice(first, first + 5), ['"l{ string', 'i variable', ' + 1}-{ string', 'i variable', '}" string'])
  tokens.forEach(({ start }, index) => {
    t.true(index === 0 || start >= (tokens[index - 1]?.end ?? 0), shown[index])
  })
})
