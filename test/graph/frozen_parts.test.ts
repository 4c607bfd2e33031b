import test from 'ava'
import { readsImages, splitFrozen } from '../../compiler/graph/frozen_parts.js'
import { operations } from '../../compiler/ops/index.js'
import { compileText } from '../../runtime/specs/spec.js'

const model = (lines: string, train: string, predict = 'softmax(whole.logits)') => `import tiny from "backbones/tiny"

model frozen(classes = 3, size = 48) {
  input image: Image[3, size, size] { resize(size), normalize }
  input label: Class[classes]

  branch whole(image) {
    ${lines.split('; ').join('\n    ')}
  }

  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = ${predict}
  train { ${train} }
}
`

const parts = (text: string) => {
  const { graph, diagnostics } = compileText('frozen.wsban', text)
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join())
  const { head, parts: found } = splitFrozen(graph, (path) => path.join('.'))
  return {
    features: found.map(({ whole, epochs }) => [epochs, whole.predictions.map(({ name }) => name)]),
    readsImages: readsImages(head),
  }
}

const pooled = 'trunk = tiny(image); logits = trunk.layer3 -> global_avg_pool -> dropout(20%) -> linear(classes)'

test('the features are the smallest values before what is trained', (t) => {
  t.deepEqual(parts(model(pooled, 'trunk = group(whole.trunk, frozen = all)')), {
    features: [['all', ['whole.logits.global_avg_pool']]],
    readsImages: false,
  })
  // Enlarged maps are computed again.
  const enlarged =
    'trunk = tiny(image); maps = resize(trunk.layer3, 48); logits = conv2d(maps, 4, 1) -> global_avg_pool -> linear(classes)'
  t.deepEqual(parts(model(enlarged, 'trunk = group(whole.trunk, frozen = all)')).features, [
    ['all', ['whole.trunk.layer3.relu']],
  ])
})

test('parts that are frozen for different times follow each other', (t) => {
  const train = 'trunk = group(whole.trunk, frozen = 5 epochs), last = group(whole.trunk.layer3, frozen = 2.5 epochs)'
  t.deepEqual(parts(model(pooled, train)).features, [
    [2, ['whole.logits.global_avg_pool']],
    [5, ['whole.trunk.layer2.relu']],
  ])
})

test('nothing is kept that is trained, drawn, or not frozen for an epoch', (t) => {
  const none = { features: [], readsImages: true }
  t.deepEqual(parts(model(pooled, 'trunk = group(whole.trunk, rate = 10%)')), none)
  t.deepEqual(parts(model(pooled, 'trunk = group(whole.trunk, frozen = 0.5 epochs)')), none)
  const drawn = `noisy = dropout(image, 10%); ${pooled.replace('tiny(image)', 'tiny(noisy)')}`
  t.deepEqual(parts(model(drawn, 'trunk = group(whole.trunk, frozen = all)')), none)
})

test('operations that draw random numbers say so', (t) => {
  const names = [...operations.values()].filter(({ semantics }) => semantics?.random).map(({ name }) => name)
  const drawing = [...operations.values()].filter((operation) => {
    // Numbers that an argument asks for are known from the argument.
    const byArgument = operation.arguments.some(({ kind }) => kind.is === 'number or uniform')
    return !byArgument && /\brandom\(\)/.test(operation.reference.toString())
  })
  t.true(names.length > 5)
  t.deepEqual(
    drawing.map(({ name }) => name).filter((name) => !names.includes(name)),
    [],
  )
})
