import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { codes } from '../../compiler/diagnostics/page.js'
import { packageRoot } from '../../runtime/package_root.js'
import { problemsOf } from '../support/spec_checks.js'
import { expectationsOf, readExamples } from '../support/spec_examples.js'

const page = readFileSync(join(packageRoot(), 'docs', 'language.md'), 'utf8')
const examples = readExamples(page)

for (const example of examples)
  test(`language.md:${example.line} ${example.section}`, (t) => {
    t.deepEqual(problemsOf(example), [])
  })

for (const example of readExamples(readFileSync(join(packageRoot(), 'docs', 'cached_features.md'), 'utf8')))
  test(`cached_features.md:${example.line} ${example.section}`, (t) => {
    t.deepEqual(problemsOf(example), [])
  })

test('every diagnostic has an example on the page', (t) => {
  const shown = new Set(
    examples.flatMap(({ text, files }) =>
      [text, ...files.values()].flatMap((one) => expectationsOf(one).diagnostics.map(({ code }) => code)),
    ),
  )
  t.deepEqual(
    codes().filter((code) => !shown.has(code)),
    [],
  )
})

const only = (markdown: string) => readExamples(markdown).flatMap(problemsOf)
const fenced = (info: string, text: string) => `\`\`\`${info}\n${text}\n\`\`\`\n`

test('a diagnostic that is not expected is a problem, and so is an expected one that is not given', (t) => {
  const found = only(fenced('wsban branch', 'x = nothing\ny = relu(image) // error: [unknown-name] "nothing"'))
  t.is(found.length, 2)
  t.regex(
    found.join('\n'),
    /line 1: not expected: error: \[unknown-name\].*\n.*line 2: expected error: \[unknown-name\]/,
  )
})

test('a diagnostic with another message, severity or place is a problem', (t) => {
  const expecting = (comment: string) => only(fenced('wsban branch', `x = nothing // ${comment}`)).length
  t.is(expecting('error: [unknown-name] "nothing here is called `nothing`" at "nothing"'), 0)
  t.is(expecting('error: [unknown-name] "another"'), 2)
  t.is(expecting('warning: [unknown-name] "nothing"'), 2)
  t.is(expecting('error: [unknown-name] "nothing" at "x"'), 2)
})

test('a shape or a value that differs is a problem', (t) => {
  t.deepEqual(
    only(fenced('wsban branch', 'x = relu(image) // shape: [3, 96, 96]\ny = 2 * 8 // value: the number 16')),
    [],
  )
  t.is(only(fenced('wsban branch', 'x = relu(image) // shape: [3, 96]\ny = 2 * 8 // value: the number 15')).length, 2)
})

test('output that differs is a problem', (t) => {
  const spec = fenced('wsban branch', 'x = conv2d(image, 4, 1)\nlogits = x -> global_avg_pool -> linear(classes)')
  const weights = (bias: number) =>
    `master.x.weight [4, 3, 1, 1]\nmaster.x.bias [${bias}]\nmaster.logits.weight [8, 4]\nmaster.logits.bias [8]`
  t.deepEqual(only(spec + fenced('text weights', weights(4))), [])
  t.is(only(spec + fenced('text weights', weights(5))).length, 1)
  t.is(only(spec + fenced('python emits', 'x = 1')).length, 1)
  t.is(only(spec + fenced('text nodes', 'Conv master/y')).length, 1)
})

test('a comment that is no expectation cannot be mistaken for one', (t) => {
  t.throws(() => only(fenced('wsban branch', 'x = relu(image) // error: unknown-name')), {
    message: /not an expectation/,
  })
})
