import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { widest } from '../../grammar/format/line.js'
import { format } from '../../grammar/format.js'
import { parse } from '../../grammar/parse.js'
import { lexer } from '../../grammar/tokens.js'
import { packageRoot } from '../../runtime/package_root.js'

function specs(folder: string): string[] {
  return readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.wsban'))
    .map((file) => join(folder, file))
}
const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8')
const files = [...specs('models'), ...specs('bench'), ...specs('test/fixtures')]
const models = specs('models').map(read)

for (const file of files) {
  const text = read(file)
  // Fixtures of diagnostics may deliberately be unformatted.
  if (parse(file, text).problems.length === 0)
    test(`${file} is formatted`, (t) => {
      t.is(format(file, text).text, text)
    })
}

/** The tree without its places, and the comments in their order. */
function meaning(text: string): unknown {
  const { file } = parse('', text)
  const comments = file.comments.map((comment) => comment.text.trimEnd())
  const tree = { imports: file.imports, blocks: file.blocks, models: file.models, comments }
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (/span/i.test(key) ? undefined : value)))
}

const tokensOf = (text: string) => lexer.tokenize(text).tokens.map(({ image }) => image)

/** The laws: what is written means the same, and formatting it again changes nothing. */
function holds(t: { deepEqual(a: unknown, b: unknown, m?: string): void }, text: string): void {
  const once = format('any', text)
  t.deepEqual(once.kept, true, text)
  const faulty = once.problems.length > 0
  if (faulty) t.deepEqual(tokensOf(once.text), tokensOf(text), text)
  else t.deepEqual(meaning(once.text), meaning(text), text)
  t.deepEqual(format('any', once.text).text, once.text, text)
  t.deepEqual(/\n\n\n|[^\n]$/.test(once.text) && !faulty, false, once.text)
}

/** The words and comments of a text. */
function words(text: string): string[] {
  const { tokens, groups } = lexer.tokenize(text)
  return [...tokens, ...(groups.comments ?? [])].sort((a, b) => a.startOffset - b.startOffset).map(({ image }) => image)
}

const gap = fc.constantFrom(
  ' ',
  ' ',
  ' ',
  '\n',
  '\n  ',
  '\n\n\n',
  '\r\n',
  '\t',
  '  // so\n',
  '\n// alone\n',
  ' // two\n// lines\n\n',
)

/** A text with other spaces, line ends and comments between the same words. */
const relaid = fc.constantFrom(...models).chain((text) => {
  const all = words(text)
  return fc.array(fc.tuple(fc.integer({ min: 0, max: all.length - 1 }), gap), { maxLength: 60 }).chain((changes) =>
    fc.constantFrom(' ', '\n').map((usual) => {
      const gaps = new Map(changes)
      return all.map((word, at) => word + (word.startsWith('//') ? '\n' : (gaps.get(at) ?? usual))).join('')
    }),
  )
})

test('other spaces, line ends and comments between the words of a model change neither tree nor comments', (t) => {
  fc.assert(
    fc.property(relaid, (text) => holds(t, text)),
    { numRuns: 60, seed: 1 },
  )
})

const name = fc.constantFrom('x', 'features', 'trunk', 'a_rather_long_name_of_something', 'steps', 'from', 'augment')
const quotedName = fc.constantFrom('"block"', '"0"', '"a-b"')
const { value } = fc.letrec<{ value: string; call: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    name,
    fc.constantFrom(
      '3',
      '2.5',
      '1e-3',
      '20%',
      '2 epochs',
      '"text // with slashes"',
      'true',
      'x.layer3.2.conv1',
      'x.loss',
      'x."loss".0."a-b"',
      '"a-b"',
    ),
    fc.tuple(name, tie('value')).map(([list, index]) => `${list}[ ${index}]`),
    tie('call'),
    fc
      .tuple(tie('value'), fc.constantFrom('+', '-', '*', '/', '==', '->'), tie('call'))
      .map((parts) => parts.join(' ')),
    fc.tuple(tie('value'), tie('value'), tie('value')).map(([a, b, c]) => `(${a} ? ${b}\n : ${c})`),
    tie('value').map((inner) => `(- ${inner})`),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
    fc.tuple(tie('value'), tie('value')).map(([start, inner]) => `(repeat 3 as i, x = ${start} { return ${inner} })`),
    fc
      .tuple(tie('value'), tie('value'))
      .map(([a, b]) => `(repeat 2 y = ${a},z = ${b} named "layer{i + 1}" { return ${b},\n${a}, // last\n y })`),
    fc
      .tuple(tie('value'), tie('value'))
      .map(([start, inner]) => `(repeat 3 y = ${start} {\n z = 3 // why\n return ${inner} })`),
  ),
  call: fc
    .tuple(
      name,
      fc.array(fc.tuple(fc.constantFrom('', 'size = ', 'loss = ', '\nmaps='), tie('value')), { maxLength: 5 }),
    )
    .map(([callee, list]) => `${callee}(${list.map((argument) => argument.join('')).join(',')})`),
}))

const binding = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: name }, quotedName),
    value,
    fc.constantFrom('', ',', ' // said', '\n', '\n\n\n'),
  )
  .map(([n, v, end]) => `${n} = ${v}${end}`)
/** A loss or a setting, whose name stands without quotes. */
const line = fc.tuple(name, value).map(([n, v]) => `${n} = ${v}`)
const generated = fc
  .tuple(
    fc.array(binding, { minLength: 1, maxLength: 5 }),
    fc.array(line, { maxLength: 4 }),
    fc.array(value, { maxLength: 4 }),
  )
  .map(
    ([statements, settings, steps]) =>
      `block b(x, y = 3) { ${statements.join('\n')}\n return x${steps[0] ? `, ${steps[0]}` : ''} }\nmodel m() { input i: Image[3, 8, 8] { ${steps.join(', ')} }
      branch c = ${steps[0] ?? 'x'} loss { ${settings.join('\n')}\n } train { ${settings.join(',\n')}\n augment i { ${steps.join('\n')} } } }`,
  )

test('generated texts keep tree and comments', (t) => {
  fc.assert(
    fc.property(generated, (text) => holds(t, text)),
    { numRuns: 120, seed: 1 },
  )
})

test('lines are no longer than they may be, where they can be broken', (t) => {
  const call = `f(${Array.from({ length: 40 }, (_, index) => `argument${index} = ${index}`).join(', ')})`
  for (const text of [`x = ${call}`, `x = a -> ${call} -> ${call}`, `x = a ? ${call} : ${call}`, `x = 3 + ${call}`]) {
    const { text: result, problems } = format('', `block b(a) { ${text} return x }`)
    t.deepEqual(problems, [])
    for (const line of result.split('\n')) t.true(line.length <= widest, line)
  }
})

test('lines end between the values of a return where they do already, and where they have to', (t) => {
  const value = `f(${'x'.repeat(40)})`
  const text = `block b(x) {\n  return x, y,\n    // the last one\n    z\n}\n\nblock c(x) {\n  return ${value}, ${value},\n    ${value}, x\n}\n`
  t.is(format('', text.replace(',\n    f(', ', f(')).text, text)
  t.is(format('', text).text, text)
})

test('a text with mistakes keeps every character but spaces, and the mistaken statement as it is', (t) => {
  const place = fc.nat()
  const piece = fc.constantFrom('', '(', ')', '{', '}', ',', '=', '->', '@', '"', 'block ', 'x = ', '\n', '// c\n')
  const changed = fc
    .tuple(fc.constantFrom(...models), place, fc.nat({ max: 40 }), piece)
    .map(([text, at, length, instead]) => {
      const start = at % text.length
      return text.slice(0, start) + instead + text.slice(start + length)
    })
  const characters = (text: string) => text.replace(/\s+/g, '')
  fc.assert(
    fc.property(changed, (text) => {
      holds(t, text)
      const { text: result, problems } = format('', text)
      if (problems.length > 0) t.is(characters(result), characters(text))
    }),
    { numRuns: 300, seed: 1 },
  )
  const { text } = format('', 'block b(x) {\n  one = f( x\n  three=  f(x)\n  longer = g(x)\n  return x\n}')
  t.is(text, 'block b(x) {\n  one = f( x\n  three=  f(x)\n  longer = g(x)\n  return x\n}\n')
})

test('a comma behind the last part of a bracket is left out', (t) => {
  const text = `block b(x, n = 3,) {
  a = f(x,) -> g([1, 2,], k = 3,  // three
  )  // both
  b = h(
    a,
    a, // twice
  )
  return b
}
`
  const { text: once, problems } = format('any', text)
  t.deepEqual(problems, [])
  t.is(
    once,
    `block b(x, n = 3) {
  a = f(x) -> g([1, 2], k = 3  // three
    )                          // both
  b = h(
    a,
    a                          // twice
  )
  return b
}
`,
  )
  t.is(format('any', once).text, once)
  for (const wrong of ['f(,)', 'f(x,,)', '(x,)', '[,]']) {
    const faulty = `block b(x) {\n  a = ${wrong}\n  c = f(x,)\n}\n`
    t.is(format('any', faulty).problems.length, 1, wrong)
    t.is(format('any', faulty).text, faulty, 'with a mistake every character stays')
  }
})

test('what is written as in other languages stays as it is, and is one mistake each', (t) => {
  const text = `block b(x) {
  a=f(x)
  # nothing,here is=a name
  c   =   g(a,k:3)
  d=h(c,'it\\'s')
  return    d
}
`
  const { text: once, problems } = format('any', text)
  t.deepEqual(problems.map(({ instead }) => instead?.write).sort(), ['"it\'s"', '// nothing,here is=a name', 'k = 3'])
  t.true(once.includes('c   =   g(a,k:3)') && once.includes("d=h(c,'it\\'s')"), once)
  holds(t, text)
})

test('any text is answered, never thrown at', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => holds(t, text)),
    { numRuns: 300, seed: 1 },
  )
  const heap = fc.array(
    fc.constantFrom(
      ...'model block branch input loss train return repeat import from as augment ( ) [ ] { } , : . ? % + - -> = == x y 3 2.5 .5 epochs "s" // \n'.split(
        ' ',
      ),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(heap, (list) => holds(t, list.join(' '))),
    { numRuns: 400, seed: 1 },
  )
})

test('a very long list is formatted', (t) => {
  const text = `block b(x) { return [${Array.from({ length: 20_000 }, (_, index) => index).join(', ')}] }`
  t.is(format('', text).kept, true)
})

test('a body stands under the line on which its parameters or arguments begin', (t) => {
  const [width, depth, filters, kernel] = ['width', 'depth', 'filters', 'kernel'].map((name) => name.repeat(9))
  const lines = [
    `block b(x, ${width} = 3, ${depth} = 4,`,
    `        other = 5) {`,
    `  y = repeat 3 z = conv2d(x, ${filters},`,
    `                          ${kernel}, stride = 1, padding = 1) {`,
    '    return relu(z)',
    '  }',
    '  return y',
    '}',
  ]
  t.is(format('any', lines.map((line) => line.trim()).join('\n')).text, `${lines.join('\n')}\n`)
})
