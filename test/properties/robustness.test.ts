import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { compile } from '../../compiler/compile.js'
import { render } from '../../compiler/diagnostics/render.js'
import { parse } from '../../grammar/parse.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'

const spec = readFileSync(join(packageRoot(), 'models', 'wsban_tiny.wsban'), 'utf8')
const library = diskLibrary()

/** Whatever a file contains, the compiler returns diagnostics that can be shown, each inside the text. */
function survives(text: string): boolean {
  const { diagnostics, texts, graph } = compile({ source: 'any.wsban', text }, library)
  for (const diagnostic of diagnostics) {
    const { source, start, end } = diagnostic.primary.span
    const length = texts.get(source)?.length ?? -1
    if (!(start >= 0 && start <= end && end <= length)) return false
    if (!render(diagnostic, (name) => texts.get(name)).includes(diagnostic.code)) return false
  }
  const answered = graph !== undefined || diagnostics.some(({ severity }) => severity === 'error')
  return answered || parse('any.wsban', text).file.models.length === 0
}

test('any text is answered, never thrown at', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), survives), { numRuns: 300, seed: 1 })
  t.pass()
})

test('any heap of words of the language is answered', (t) => {
  const words =
    'model block branch input loss predict train return repeat import from as ( ) [ ] { } , : . ? % + - * / -> = == < x y 3 2.5 20% "s" conv2d bap mean training image classes'.split(
      ' ',
    )
  const text = fc.array(fc.constantFrom(...words), { maxLength: 120 }).map((list) => list.join(' '))
  fc.assert(fc.property(text, survives), { numRuns: 500, seed: 1 })
  t.pass()
})

test('a real model with a piece cut out or doubled is answered', (t) => {
  const place = fc.integer({ min: 0, max: spec.length })
  const changed = fc.tuple(place, place, fc.boolean()).map(([a, b, double]) => {
    const [start, end] = [Math.min(a, b), Math.min(Math.max(a, b), Math.min(a, b) + 60)]
    return double ? spec.slice(0, end) + spec.slice(start) : spec.slice(0, start) + spec.slice(end)
  })
  fc.assert(fc.property(changed, survives), { numRuns: 300, seed: 1 })
  t.pass()
})

test('deep nesting of every kind is refused, not suffered', (t) => {
  for (const [open, close] of [
    ['(', ')'],
    ['[', ']'],
    ['relu(', ')'],
    ['x ? ', ' : y'],
    ['- ', ''],
    ['image + ', ''],
    ['image.a(', ')'],
    ['repeat 2 as i, x = ', ' { return x }'],
  ] as const) {
    const text = `model m() { input image: Image[3, 8, 8]\n y = ${open.repeat(20_000)}image${close.repeat(20_000)} }`
    t.true(survives(text), open)
  }
})
