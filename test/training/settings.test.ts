import test from 'ava'
import { presentDefaults } from '../../compiler/analysis/defaults.js'
import { type CompileOptions, compile } from '../../compiler/compile.js'
import { diskLibrary } from '../../runtime/specs/library.js'

const spec = (training: string) => `
import tiny from "backbones/tiny"

model small(classes = 3, size = 32) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) {
    trunk  = tiny(image)
    logits = trunk.layer3 -> global_avg_pool -> linear(classes)
  }
  loss { whole = cross_entropy(whole.logits, label, smoothing = 10%) }
  predict probabilities = softmax(whole.logits)
  train { ${training} }
}`

function graphOf(training: string, options: CompileOptions = {}) {
  const { graph, diagnostics } = compile({ source: 'small.wsban', text: spec(training) }, diskLibrary(), {}, options)
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return graph
}

const everything = `
  epochs = 30, batch = 8, accumulate = 4, clip = 2, patience = 5, class_weights = balanced
  optimizer = adamw(rate = 3e-4, weight_decay = 1e-2, decays = weights)
  schedule  = step(at = [10, 20], warm_up = 2 epochs)
  average   = ema(decay = 99%)
  backbone  = group(whole.trunk, rate = 10%, frozen = 2 epochs)
  early     = group(whole.trunk.layer1, rate = 0, weight_decay = 0)`

test('a train block says everything', (t) => {
  t.like(graphOf(everything).plan, {
    epochs: 30,
    batch: 8,
    accumulate: 4,
    clip: 2,
    patience: 5,
    classWeights: 'balanced',
    optimizer: { name: 'adamw', arguments: { rate: 3e-4, weight_decay: 1e-2, decays: 'weights', beta1: 0.9 } },
    schedule: { name: 'step', arguments: { at: [10, 20], factor: 0.1, warm_up: 2 } },
    average: { name: 'ema', arguments: { decay: 0.99, warm_up: true } },
    groups: [
      { name: 'backbone', path: 'whole.trunk', rate: 0.1, frozen: 2 },
      { name: 'early', path: 'whole.trunk.layer1', rate: 0, weightDecay: 0, frozen: 0 },
    ],
  })
})

test('--train replaces the line of the block, or one of its arguments', (t) => {
  const said = [
    'accumulate=1',
    'optimizer.rate=0.5',
    'schedule=cosine',
    'backbone.frozen=7',
    'head=group(whole.logits, rate=2)',
  ]
  const { plan } = graphOf(everything, { train: said })
  const written = graphOf(
    everything
      .replace('accumulate = 4', 'accumulate = 1')
      .replace('rate = 3e-4', 'rate = 0.5')
      .replace('step(at = [10, 20], warm_up = 2 epochs)', 'cosine')
      .replace('frozen = 2', 'frozen = 7')
      .concat('\n head = group(whole.logits, rate = 2)'),
  )
  t.deepEqual(plan, written.plan)
  const positional = graphOf('sampler = classes(3, 2), schedule = step([3])', {
    train: ['sampler.count=2', 'schedule.at=[5]'],
  })
  t.deepEqual(positional.plan, graphOf('sampler = classes(2, images = 2), schedule = step(at = [5])').plan)
  t.deepEqual(graphOf('', { train: ['optimizer.momentum=0'] }).plan, graphOf('optimizer = sgd(momentum = 0)').plan)
})

test('a sampler decides the size of a batch', (t) => {
  const { plan } = graphOf('sampler = classes(3, images = 5)')
  t.deepEqual([plan.batch, plan.sampler], [15, { classes: 3, images: 5 }])
  t.is(graphOf('sampler = classes(2), batch = 8').plan.batch, 8)
  t.deepEqual(graphOf('sampler = classes(2)').plan.sampler, { classes: 2, images: 4 })
})

test('what is wrong with --train is said at its place', (t) => {
  const { diagnostics, texts, files } = compile(
    { source: 'small.wsban', text: spec('') },
    diskLibrary(),
    {},
    {
      train: ['batch=0', 'optimiser=sgd', 'schedule.flor=1', 'clip = = 3'],
    },
  )
  t.deepEqual(diagnostics.map(({ code }) => code).sort(), [
    'out-of-range',
    'unexpected-token',
    'unknown-argument',
    'unknown-setting',
  ])
  for (const { primary } of diagnostics) t.true(texts.has(primary.span.source), primary.span.source)
  t.false(
    [...files.keys()].some((source) => source.startsWith('--train')),
    'they are no files',
  )
})

test('a spec that was read with other defaults still means the same', (t) => {
  const present = presentDefaults()
  t.is(present.sgd?.momentum, 0.9)
  t.deepEqual(graphOf('', { defaults: present }), graphOf(''))
  const earlier = {
    ...present,
    sgd: { ...present.sgd, momentum: 0.5 },
    train: { ...present.train, batch: 4 },
    batch_norm: { ...present.batch_norm, momentum: 0.25 },
  }
  const { plan, nodes } = graphOf('', { defaults: earlier })
  t.is(plan.optimizer.arguments.momentum, 0.5)
  t.is(plan.batch, 4)
  const norms = nodes.filter(({ operation }) => operation === 'batch_norm')
  t.true(norms.length > 0 && norms.every(({ attributes }) => attributes.momentum === 0.25))
})
