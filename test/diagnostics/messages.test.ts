import test from 'ava'
import { render } from '../../compiler/diagnostics/render.js'
import { diagnose } from '../../compiler/diagnostics/report.js'
import { safeLine } from '../../compiler/diagnostics/safe_text.js'
import { nearest } from '../../compiler/diagnostics/suggest.js'

test('a place in a source that is not at hand is left out, and the message stays', (t) => {
  const at = (source: string) => ({ source, start: 2, end: 3 })
  const elsewhere = diagnose('division-by-zero', {}, at('gone'), {
    secondary: [{ span: at('here'), text: 'in this call' }],
  })
  const shown = render(elsewhere, (source) => (source === 'here' ? 'a b c' : undefined))
  t.regex(shown, /^error\[division-by-zero\]: division by zero\n/)
  t.true(shown.includes('--> here:1:3'))
  t.false(shown.includes('gone'))
})

test('a name is suggested when it is near, short enough to have been typed, and among the first that are compared', (t) => {
  const long = 'x'.repeat(81)
  t.is(nearest('liner', ['linear', 'line_of_all']), 'linear')
  t.is(nearest('linaer', ['linear']), 'linear')
  t.is(nearest('conv', ['linear']), undefined)
  t.is(nearest(long, [long]), undefined)
  const strangers = Array.from({ length: 400 }, (_, index) => `q${String(index).padStart(3, '0')}zz`)
  t.is(nearest('liner', [...strangers.slice(1), 'linear']), 'linear')
  t.is(nearest('liner', [...strangers, 'linear']), undefined)
})

test('of many known names the first ones are listed, and how many there are', (t) => {
  const known = Array.from({ length: 30 }, (_, index) => `name_${index}`)
  const { help } = diagnose(
    'unknown-name',
    { name: 'q', known, suggestion: undefined, importable: undefined },
    {
      source: 'a',
      start: 0,
      end: 1,
    },
  )
  t.regex(help ?? '', /^known here: name_0, .*name_23, and 6 more$/)
})

test('a control character is shown by its control picture, one without such a picture as a replacement character', (t) => {
  t.is(safeLine('a\u0000b\u001bc\u007fd\u0085e'), 'a\u2400b\u241bc\u2421d\ufffde')
})
