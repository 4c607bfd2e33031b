import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { compile } from '../../compiler/compile.js'
import { differences } from '../../compiler/graph/differences.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'

const tiny = readFileSync(join(packageRoot(), 'models', 'wsban_tiny.wsban'), 'utf8')

function graphOf(t: ExecutionContext, text: string): Graph {
  const { graph, diagnostics } = compile({ source: 'spec', text }, diskLibrary())
  if (!graph) throw t.fail(diagnostics.map(({ message }) => message).join('\n'))
  return graph
}

test('a model differs from itself in nothing, whatever stands between its words', (t) => {
  const found = differences(graphOf(t, tiny), graphOf(t, `// said\n${tiny.replaceAll('\n\n', '\n')}`))
  const { measures, ...lists } = found
  t.deepEqual(lists, { settings: [], operations: [], arguments: [], shapes: [], weights: [], losses: [], training: [] })
  t.deepEqual(measures.before, measures.after)
})

test('each change is found under its name, with what it was and is', (t) => {
  const changed = tiny
    .replace('maps = 16', 'maps = 4')
    .replace('adam(rate = 2e-3)', 'sgd(rate = 0.5)')
    .replace('temperature = 4', 'temperature = 9')
    .replace(/\n {4}centres = .*/, '')
  const found = differences(graphOf(t, tiny), graphOf(t, changed))
  t.deepEqual(found.settings, [{ name: 'maps', before: '16', after: '4' }])
  t.deepEqual(found.losses, [{ name: 'centres', before: 'center_loss' }])
  t.deepEqual(
    found.weights.find(({ name }) => name === 'master.attention.conv.weight'),
    { name: 'master.attention.conv.weight', before: '16 x 96 x 1 x 1', after: '4 x 96 x 1 x 1' },
  )
  t.deepEqual(
    found.training.filter(({ name }) => name === 'optimizer' || name === 'optimizer.rate'),
    [
      { name: 'optimizer', before: 'adam', after: 'sgd' },
      { name: 'optimizer.rate', before: '0.002', after: '0.5' },
    ],
  )
  t.deepEqual(
    found.arguments.filter(({ name }) => name.startsWith('loss.')),
    [{ name: 'loss.master.distill temperature', before: '4', after: '9' }],
  )
  t.deepEqual(
    found.operations.map(({ name }) => name),
    ['loss.centres'],
  )
  t.deepEqual(
    found.shapes.find(({ name }) => name === 'master.parts'),
    { name: 'master.parts', before: '16 x 96', after: '4 x 96' },
  )
  const { before, after } = found.measures
  t.true(after.parameters < before.parameters && after.multiplyAdds < before.multiplyAdds)
  // One attention head of 96 channels: weights, scale, shift and two statistics a map; and 96 x 8 weights of the classifier a map.
  t.is(before.parameters - after.parameters, 12 * (96 + 4 + 96 * 8))
})

test('a label that comes, an augmentation without numbers and a choice by phase are found', (t) => {
  const model = (input: string, pool: string, rest: string) => `model m(size = 8) {
  input image: Image[3, size, size]
  ${input}
  branch a(image) {
    maps   = conv2d(image, 4, 3, stride = ${pool}) -> dropout(training ? 10% : 0)
    logits = maps -> global_avg_pool -> linear(3)
  }
  predict p = softmax(a.logits)
  ${rest}
}`
  const before = graphOf(t, model('', '1', ''))
  const after = graphOf(
    t,
    model('input label: Class[3]', '[1, 2]', 'loss { l = cross_entropy(a.logits, label) }\n train { average = ema }'),
  )
  const found = differences(before, after)
  t.deepEqual(found.losses, [{ name: 'l', after: 'cross_entropy' }])
  t.deepEqual(
    found.arguments.filter(({ name }) => name.endsWith('stride')),
    [{ name: 'a.maps stride', before: '1', after: '[1, 2]' }],
  )
  t.deepEqual(found.settings, [{ name: 'input label', after: '3 classes' }])
})
