import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { hasErrors } from '../../compiler/diagnostics/diagnostic.js'
import { operations } from '../../compiler/ops/index.js'
import { format } from '../../grammar/format.js'
import { diskLibrary } from '../../runtime/specs/library.js'

/** Examples about a whole branch stand next to it, all others in it. */
const beside = (example: string) => /\bmaster\b/.test(example)

const indented = (lines: string, by: number) => lines.replace(/^(?=.)/gm, ' '.repeat(by))

/** A model in which the names that examples use are defined. Names in the body of a repeat may shadow those around it. */
function modelWith(example: string): string {
  const inner = beside(example) ? '' : example
  const outer = beside(example) ? example : ''
  const needsPart = /\bpart\./.test(outer) && !/branch part\b/.test(outer)
  return `import attention from "blocks/attention"
import tiny from "backbones/tiny"

model example(classes = 8, size = 96) {
  input image: Image[3, size, size]
  input label: Class[classes]

  branch master(image) {
    trunk     = tiny(image)
    features  = trunk.layer3
    attention = attention(features, maps = 16)
    parts     = bap(features, attention)
    embedding = parts -> signed_sqrt -> l2_normalize
    logits    = embedding -> scale(100) -> linear(classes)
    example   = repeat 1 x = image {
${indented(inner, 6)}
      return x
    }
  }

${needsPart ? '  branch part = master(image)\n' : ''}${indented(outer, 2)}
  loss { whole = cross_entropy(master.logits, label) }
${/^predict /m.test(outer) ? '' : '  predict probabilities = softmax(master.logits)\n'}}
`
}

for (const { name, documentation } of operations.values()) {
  const { example } = documentation
  if (example === undefined) continue
  test(`the example of ${name} compiles`, (t) => {
    const { diagnostics } = compile({ source: 'example.wsban', text: modelWith(example) }, diskLibrary())
    t.false(hasErrors(diagnostics), diagnostics.map(({ message }) => message).join('; '))
  })

  test(`the example of ${name} is formatted`, (t) => {
    const text = `${beside(example) ? 'model example {' : 'block example(x) {'}\n${indented(example, 2)}\n}\n`
    t.is(format('example.wsban', text).text, text)
  })
}

test('every operation has an example', (t) => {
  t.deepEqual(
    [...operations.values()].filter(({ documentation }) => !documentation.example).map(({ name }) => name),
    [],
  )
})
