import test from 'ava'
import fc from 'fast-check'
import { githubCommand, safeJson, safeLine, safeText } from '../../compiler/diagnostics/safe_text.js'

/** Characters that control a terminal or break a line. */
const obeyed = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const command = /^\s*::|##\[|##vso\[|##teamcity\[/m

test('nothing that a terminal or a log would obey is left of any text', (t) => {
  const parts = fc.constantFrom(
    '\u001b]52;c;aGk=\u0007',
    '\u001b[2J',
    '\u009b1m',
    '\r',
    '\n',
    '\u202e',
    ':',
    '#',
    '[',
    'a',
    ' ',
    '\t',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(parts).map((list) => list.join('')),
  )
  fc.assert(
    fc.property(text, (any) => {
      t.notRegex(safeLine(any), obeyed)
      t.notRegex(safeText(any).replace(/[\n\t]/g, ''), obeyed)
      for (const shown of [safeLine(any), safeText(any)]) t.notRegex(shown, command)
    }),
    { numRuns: 500, seed: 1 },
  )
})

test('ordinary text stays as it is', (t) => {
  for (const text of ['birds/é 日本.jpg', 'a::b', 'std::vector', 'x # [1]', 'مرحبا', '👩‍🔬']) t.is(safeLine(text), text)
  t.is(safeText('a\n\tb'), 'a\n\tb')
  t.is(safeLine('a\nb\r\u001b[1m'), 'a␊b␍␛[1m')
  t.is(safeLine('::error file=x::y'), ':\\:error file=x::y')
  t.is(safeLine('##[error]x ##vso[task]'), '#\\#[error]x #\\#vso[task]')
})

test('JSON keeps its values', (t) => {
  const value = { 'a\u202eb': ['\u009b', '\n\u2028', 'é'] }
  const json = safeJson(JSON.stringify(value, undefined, 2))
  t.deepEqual(JSON.parse(json), value)
  t.notRegex(json.replace(/\n/g, ''), obeyed)
})

test('a workflow command is one line with its own escapes', (t) => {
  t.is(
    githubCommand('error', { file: 'a,b:c%\n.wsban', line: 1 }, '100%\r\n::x \u001b[1m'),
    '::error file=a%2Cb%3Ac%25%0A.wsban,line=1::100%25%0D%0A::x ␛[1m',
  )
})
