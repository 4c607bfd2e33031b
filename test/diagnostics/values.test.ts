import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { diskLibrary } from '../../runtime/specs/library.js'

const model = (binding: string, size = '8') => `model m(size = ${size}) {
  input image: Image[3, size, size]
  input label: Class[3]
  branch a(image) {
    x      = ${binding}
    logits = linear(flatten(image), 3)
  }
  loss { l = cross_entropy(a.logits, label) }
  predict p = softmax(a.logits)
}
`

function messages(text: string, train: readonly string[] = []): readonly string[] {
  return compile({ source: 'm.wsban', text }, diskLibrary(), {}, { train }).diagnostics.map(({ message }) => message)
}

test('a message says what was found: a choice by phase, one epoch, several', (t) => {
  t.regex(
    messages(model('uniform(training ? 1 : 2, image)')).join(),
    /not a value that depends on training and a tensor/,
  )
  t.regex(messages(model('uniform(1 epochs, image)')).join(), /not the number 1 epoch and a tensor/)
  t.regex(messages(model('uniform(2 epochs, image)')).join(), /not the number 2 epochs and a tensor/)
})

test('an image of more numbers than can be counted is an error of the spec', (t) => {
  t.regex(messages(model('relu(image)', '100000000')).join('\n'), /the image/)
})

test('a setting from outside that is no setting is an error, and so is a text that closes the block', (t) => {
  const text = model('relu(image)').replace('flatten(image)', 'flatten(x)')
  t.deepEqual(messages(text, ['clip=1']), [])
  t.deepEqual(messages(text, ['nothing.rate=1']), ['training has no setting `nothing`'])
  t.regex(messages(text, ['} } }']).join(), /found `}`/)
})
