import test from 'ava'
import { literal, property } from '../../compiler/targets/tfjs/literals.js'

test('values become literals that read back as the same values', (t) => {
  for (const value of [{}, { a: { 'b c': [1, "it's", 'a\u2028b'] } }, [], 'say "no"\n', true, -1.5])
    t.deepEqual(new Function(`return ${literal(value)}`)(), value)
})

test('a property is shorthand where its name is its value, and quoted where it is no identifier', (t) => {
  t.is(property('stride', 'stride'), 'stride')
  t.is(property('stride', '2'), 'stride: 2')
  t.is(property('two words', '2'), "'two words': 2")
  t.is(property('__proto__', '2'), "['__proto__']: 2")
})
