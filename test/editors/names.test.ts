import test from 'ava'
import { NameResolver } from '../../compiler/analysis/name_resolver.js'
import { parse } from '../../grammar/parse.js'

const other = parse('other', 'block given(x, n = 3) { y = relu(x) return y }').file

/** Returns each occurrence of a name in a text: the name, and the `kind` of its definition, with `!` at the definition itself. */
function namesOf(text: string): string[] {
  const { file } = parse('text', text)
  const { occurrences } = new NameResolver((specifier) => (specifier === './other' ? other : undefined)).read(file)
  return [...occurrences]
    .sort((a, b) => a.span.start - b.span.start)
    .map(
      ({ span, definition, defines }) => `${text.slice(span.start, span.end)}:${definition.kind}${defines ? '!' : ''}`,
    )
}

const inModel = (line: string) => namesOf(`model m(k = 2) { ${line} }`).slice(2)

test('names are found in every kind of expression', (t) => {
  t.deepEqual(inModel('a = [k, -k]'), ['a:binding!', 'k:parameter', 'k:parameter'])
  t.deepEqual(inModel('a = training ? k : unknown'), ['a:binding!', 'training:training', 'k:parameter'])
  t.deepEqual(inModel('a = repeat k as i, x = k { y = x -> scale(i) return y }'), [
    'a:binding!',
    'k:parameter',
    'i:round!',
    'x:round!',
    'k:parameter',
    'y:binding!',
    'x:round',
    'scale:operation',
    'i:round',
    'y:binding',
  ])
})

test('the values and rounds of a repeat are found, and the names in the names of rounds', (t) => {
  t.deepEqual(
    inModel('a = repeat k as i, x = k, y = k named "l{i}" { return x, y } b = a.x + a.l2.y + a[0].y + a.2 + a.z'),
    [
      'a:binding!',
      'k:parameter',
      'i:round!',
      'x:round!',
      'k:parameter',
      'y:round!',
      'k:parameter',
      'i:round',
      'x:round',
      'y:round',
      'b:binding!',
      'a:binding',
      'x:round',
      'a:binding',
      'l2:word',
      'y:round',
      'a:binding',
      'a:binding',
      'a:binding',
    ],
  )
  t.deepEqual(
    namesOf('block f(p) { q = relu(p) return p, q.r, q } block g(x) { y = f(x) return y.p + y.q + y.r }').slice(-5),
    ['y:binding', 'p:parameter', 'y:binding', 'q:binding', 'y:binding'],
  )
})

test('a name in quotes is found where a binding has it, and is a string elsewhere', (t) => {
  t.deepEqual(inModel('"block" = relu(k) a = "block" + b."1x1" c = "k" d = "loss"'), [
    '"block":binding!',
    'relu:operation',
    'k:parameter',
    'a:binding!',
    '"block":binding',
    'c:binding!',
    'd:binding!',
  ])
})

test('a dot reaches into pipelines, the half of a conditional that has a name, and what a block returns', (t) => {
  const text = 'import given, absent from "./other" import lost from "./nowhere" model m { '
  const after = (line: string) => namesOf(`${text}${line} }`).slice(2)
  t.deepEqual(after('a = given(k) -> given b = a.0.y + a.y + a.2'), [
    'a:binding!',
    'given:block',
    'given:block',
    'b:binding!',
    'a:binding',
    '0:block',
    'y:binding',
    'a:binding',
    'y:binding',
    'a:binding',
  ])
  t.deepEqual(after('a = training ? lost(k) : given(k) b = a.y'), [
    'a:binding!',
    'training:training',
    'given:block',
    'b:binding!',
    'a:binding',
    'y:binding',
  ])
})

test('a block that calls itself has an end, and a branch of an unknown block no inside', (t) => {
  const text =
    'block a(x) { y = a(x) return y } model m { branch b = nothing(3) c = b.y branch d(none) {} e = a(c).y.y }'
  t.deepEqual(namesOf(text), [
    'a:block!',
    'x:parameter!',
    'y:binding!',
    'a:block',
    'x:parameter',
    'y:binding',
    'm:model!',
    'b:branch!',
    'c:binding!',
    'b:branch',
    'd:branch!',
    'e:binding!',
    'a:block',
    'c:binding',
    'y:binding',
    'y:binding',
  ])
})

test('words of a train block are settings and groups, not names of the model', (t) => {
  const train = 'optimizer = sgd(rate = k) schedule = 3 part = group(m.x, rate = k) epochs = k odd = 3'
  t.deepEqual(inModel(`train { ${train} }`), [
    'optimizer:argument',
    'sgd:setting',
    'rate:argument',
    'k:parameter',
    'schedule:argument',
    'part:binding!',
    'group:setting',
    'rate:argument',
    'k:parameter',
    'epochs:argument',
    'k:parameter',
    'odd:word',
  ])
})
