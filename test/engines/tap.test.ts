import test from 'ava'
// @ts-expect-error a script without types, which runs before there is a compiler
import { TapCounter } from '../../cli/bootstrap/tap.mjs'

const tap = `TAP version 13
ok 1 - kernels › adds
not ok 2 - kernels › multiplies
  ---
    name: AssertionError
  ...
ok 3 - engines › opens # SKIP
ok 4 - engines › closes
    # a note
1..4
# tests 4
`

test('tests are counted however the text is cut, and failures are shown with their details', (t) => {
  for (const size of [1, 7, 1000]) {
    const lines: string[] = []
    const counter = new TapCounter((line: string) => lines.push(line))
    for (let i = 0; i < tap.length; i += size) counter.read(tap.slice(i, i + size))
    counter.end()
    t.deepEqual([counter.passed, counter.failed, counter.skipped], [2, 1, 1])
    t.deepEqual(lines, ['not ok 2 - kernels › multiplies', '  ---', '    name: AssertionError', '  ...'])
  }
})
