import test from 'ava'
import { Lexer } from 'chevrotain'
import { format } from '../../grammar/format.js'
import { parse } from '../../grammar/parse.js'
import { WsbanParser } from '../../grammar/parser.js'
import { withinStack } from '../../grammar/stack.js'
import { tokens } from '../../grammar/tokens.js'
import type { Expression } from '../../grammar/tree.js'

test('the token table and the grammar are sound', (t) => {
  t.deepEqual(new Lexer(tokens).lexerDefinitionErrors, [])
  t.notThrows(() => new WsbanParser({ validate: true }))
})

/** The value of `x` as a short text, with every bracket written. */
function read(expression: string): string {
  const { file, problems } = parse('test', `block b(x) { x = ${expression} }`)
  if (problems.length > 0) return `wrong: ${problems[0]?.expected}`
  const [statement] = file.blocks[0]?.statements ?? []
  return statement ? show(statement.value) : 'nothing'
}

function show(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return `${Number(expression.value.toPrecision(12))}${expression.unit ? ` ${expression.unit}` : ''}`
    case 'name':
      return expression.text
    case 'member':
      return `${show(expression.object)}.${expression.member.text}`
    case 'index':
      return `${show(expression.object)}[${show(expression.index)}]`
    case 'binary':
      return `(${show(expression.left)} ${expression.operator} ${show(expression.right)})`
    case 'negate':
      return `(-${show(expression.operand)})`
    case 'call':
      return `${show(expression.callee)}(${expression.arguments.map(({ name, value }) => `${name ? `${name.text}=` : ''}${show(value)}`).join(' ')})`
    case 'pipeline':
      return `[${[expression.start, ...expression.stages].map(show).join(' > ')}]`
    case 'conditional':
      return `(${show(expression.condition)} ? ${show(expression.whenTrue)} : ${show(expression.whenFalse)})`
    case 'list':
      return `{${expression.items.map(show).join(' ')}}`
    case 'repeat':
      return `repeat ${show(expression.count)} ${expression.index?.text ?? '-'} ${expression.carried.map(({ name, start }) => `${name.text} ${show(start)}`).join(' ')} ${[...(expression.named?.parts.map((part) => (typeof part === 'string' ? part : `{${show(part)}}`)) ?? []), expression.statements.length].join(' ')}`
    case 'tuple':
      return `<${expression.items.map(show).join(' ')}>`
    default:
      return expression.kind
  }
}

test('expressions bind as they do on paper', (t) => {
  const cases: [string, string][] = [
    ['1 + 2 * 3 - 4', '((1 + (2 * 3)) - 4)'],
    ['-2 / (3 - -x)', '((-2) / (3 - (-x)))'],
    ['20% + 2 epochs', '(0.2 percent + 2 epochs)'],
    ['a -> f -> g(1, k = [1, 7])', '[a > f > g(1 k={1 7})]'],
    ['training ? uniform(40%, 60%) : 20%', '(training ? uniform(0.4 percent 0.6 percent) : 0.2 percent)'],
    ['trunk.layer3.2.conv1', 'trunk.layer3.2.conv1'],
    ['features.0.1.weight', 'features.0.1.weight'],
    ['i == 0 ? 2 : 1', '((i == 0) ? 2 : 1)'],
    ['repeat 3 as i, y = x { return f(y) }', 'repeat 3 i y x 1'],
    ['repeat n y = x { z = f(y) return z }', 'repeat n - y x 2'],
    ['repeat n a = x, b = y named "l{i + 1}-" { return a, b }', 'repeat n - a x b y l {(i + 1)} - 1'],
    ['repeat n a = x named "{f(i)}" { return a }', 'repeat n - a x {f(i)} 1'],
    ['f(from = 1, training = 2, epochs = 3)', 'f(from=1 training=2 epochs=3)'],
    ['depths[i + 1]', 'depths[(i + 1)]'],
    ['stages[0].conv[1](x)', 'stages[0].conv[1](x)'],
    ['[[1], 2][0]', '{{1} 2}[0]'],
    ['1e-3', '0.001'],
    ['f(', "wrong: ')'"],
  ]
  for (const [text, expected] of cases) t.is(read(text), expected, text)
})

test('a unit begins a line of its own where it is a name', (t) => {
  const text = 'block b(x) {\n  steps  = 2\n  epochs = 3 epochs\n  return conv2d(x, 2, 3)\n}\n'
  const { file, problems } = parse('test', text)
  t.deepEqual(problems, [])
  t.is(file.blocks[0]?.statements.length, 3)
  t.is(format('test', text).text, text)
})

test('a name that JavaScript knows is an ordinary name', (t) => {
  const lines = Array.from({ length: 120 }, (_, index) => `  x${index} = constructor(toString, valueOf)`)
  t.deepEqual(parse('test', `block b(constructor) {\n${lines.join('\n')}\n}\n`).problems, [])
})

test('a binding and a member may have a name in quotes', (t) => {
  const { file, problems } = parse('test', 'block b(x) { "block" = x \n "0" = "block".conv."a-b".2 return "0" }')
  t.deepEqual(problems, [])
  const [first, second] = file.blocks[0]?.statements ?? []
  t.like(first, { kind: 'binding', name: { text: 'block' } })
  t.is(second && show(second.value), 'string.conv.a-b.2')
})

test('losses, predictions and settings have no names in quotes, and no name has a dot', (t) => {
  const text = 'model m { "a.b" = x."c d" "e" = x."e" loss { "x" = 1 } predict "p" = 2 train { "epochs" = 3 } }'
  t.deepEqual(
    parse('test', text).problems.map(({ kind, found }) => `${kind} ${found}`),
    ['misnamed "c d"', 'misnamed "a.b"', 'unexpected "e"', 'unexpected "x"', 'unexpected "p"', 'unexpected "epochs"'],
  )
})

test('return takes several values, and a comma may end its line', (t) => {
  const returned = (text: string) => {
    const { file, problems } = parse('test', `block b(x) { return ${text} }`)
    t.deepEqual(problems, [])
    return file.blocks[0]?.statements.map((statement) => show(statement.value))
  }
  t.deepEqual(returned('x, f(y), z[0],'), ['<x f(y) z[0]>'])
  t.deepEqual(returned('x, y = f(x)'), ['x', 'f(x)'])
  t.deepEqual(returned('x, "0" = f(x)'), ['x', 'f(x)'])
  t.deepEqual(returned('x, return y'), ['x', 'y'])
})

test('several mistakes of a file are found in one reading', (t) => {
  const { problems, file } = parse(
    'test',
    'model m(a = 1) {\n  x = f(a\n  y = 3 +\n  z = 4\n}\nblock b(x) { return g(x }\n',
  )
  t.true(problems.length >= 3)
  t.is(file.models.length, 1)
  t.is(file.blocks.length, 1)
})

test('comments are kept with their places', (t) => {
  const text = '// one\nblock b(x) { return x } // two\n'
  const { file } = parse('test', text)
  t.deepEqual(
    file.comments.map(({ text: comment, span }) => [comment, text.slice(span.start, span.end)]),
    [
      ['// one', '// one'],
      ['// two', '// two'],
    ],
  )
})

test('a value that is missing leaves no stretch of the text that ends before it begins', (t) => {
  for (const broken of ['== g(1)', '- == 2', '(== 1).a', '== 1 -> f', 'f(== 2)(3)']) {
    const text = `block b(x) {\n  y = ${broken}\n  return y\n}\n`
    const spans = JSON.stringify(parse('test', text).file).matchAll(/"start":(\d+),"end":(\d+)/g)
    for (const [, start, end] of spans) t.true(Number(start) <= Number(end) && Number(end) <= text.length, broken)
  }
})

test('an error in single quotes is shown in the double quotes of the language, escapes included', (t) => {
  const problem = (text: string) => parse('a', `model m { a = ${text} }`).problems[0]?.instead?.write
  t.is(problem("'it\\'s \\q'"), '"it\'s \\\\q"')
  t.is(problem('\'a\\n"b"\''), '"a\\n\\"b\\""')
})

test('only an exhausted stack becomes a result; every other error is rethrown', (t) => {
  const error = new RangeError('Invalid array length')
  t.is(
    t.throws(() =>
      withinStack(
        () => {
          throw error
        },
        () => 'exhausted',
      ),
    ),
    error,
  )
  const deep = (): number => deep() + 1
  t.is(
    withinStack<number | string>(deep, () => 'exhausted'),
    'exhausted',
  )
})
