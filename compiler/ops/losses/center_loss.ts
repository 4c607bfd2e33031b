import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { classesOf, elementsPerImage, labelOf, scalar, wrongRank } from '../support/shapes.js'
import { at, rows, tensor } from '../support/tensor.js'

const smallestSquare = 1e-12

const centresOf = (call: Typed) => (call.word('per') === 'class' ? classesOf(call.type('label')) : 1)

export const centerLoss: Operation = {
  name: 'center_loss',
  documentation: {
    summary: 'Attention regularisation: pulls each embedding towards a slowly moving centre.',
    formula: String.raw`L = \frac{1}{B} \sum_b \lVert f_b - c_{y_b} \rVert^2`,
    details:
      "loss = mean over the batch of sum (f - c)^2, where c is the centre of the image's class (per = class), or one centre per row shared by all images (per = part). Centres start at 0 and are updated after each step: centre += (1 - momentum) (f - c), accumulated over the images of a class in the batch. With normalize, c is the centre scaled to length 1. The centres receive no gradient.",
    example: 'loss { centres = center_loss(master.embedding, label, per = class) }',
    source:
      'per class, normalised, momentum 0.95: the official WS-DAN code; per part: arXiv 1808.02152, attention regularisation',
  },
  arguments: [
    tensorArgument('embedding', 'one row or part features; of length 1 if `normalize` is true'),
    { ...tensorArgument('label', 'the class label'), label: true },
    {
      name: 'per',
      kind: { is: 'word', words: ['class', 'part'] },
      default: 'class',
      meaning: 'class: one centre per class; part: one centre per part, shared by all images',
    },
    {
      name: 'momentum',
      kind: { is: 'number', from: 0, to: 1 },
      default: 0.95,
      meaning: 'fraction of a centre that is kept in each step',
      varies: true,
      byPhase: false,
    },
    {
      name: 'normalize',
      kind: { is: 'boolean' },
      default: true,
      meaning: 'whether centres are scaled to length 1 before the comparison',
    },
  ],
  typing: {
    infer(call) {
      const { element, shape } = call.type('embedding')
      if (element !== 'float' || shape.length < 2) return wrongRank(call, 'embedding', 'numbers for each image')
      return labelOf(call, 'label') && [scalar]
    },
    parameters: (call) => [
      {
        role: 'centers',
        shape: [centresOf(call), elementsPerImage(call.type('embedding'))],
        initializer: { kind: 'constant', value: 0 },
        trainable: false,
      },
    ],
  },
  lowering: {
    tfjs: (call) =>
      call.runtime(
        'centerLoss',
        call.input('embedding'),
        call.input('label'),
        call.scope(),
        call.options('per', 'momentum', 'normalize'),
      ),
    pytorch: {
      module: (call) => ({
        type: python.CenterLoss,
        arguments: [
          { name: 'centers', value: centresOf(call), positional: true },
          { name: 'features', value: elementsPerImage(call.type('embedding')), positional: true, width: true },
          { name: 'per_class', value: call.word('per') === 'class', default: true },
          { name: 'momentum', value: call.number('momentum'), default: 0.95 },
          { name: 'normalize', value: call.flag('normalize'), default: true },
        ],
      }),
      expression: (call) => call.module(call.input('embedding'), call.input('label')),
    },
    onnx: 'training only',
  },
  reference(call) {
    const embedding = call.tensor('embedding')
    const [count, columns] = rows(embedding)
    const centres = call.parameter('centers')
    const moved = tensor(centres.shape, centres.data)
    let loss = 0
    for (let b = 0; b < count; b++) {
      const row = call.word('per') === 'class' ? at(call.tensor('label'), b) : 0
      const centre = Array.from(centres.data.subarray(row * columns, (row + 1) * columns))
      const squares = centre.reduce((sum, value) => sum + value * value, 0)
      const length = call.flag('normalize') ? Math.sqrt(Math.max(squares, smallestSquare)) : 1
      centre.forEach((value, i) => {
        const away = at(embedding, b * columns + i) - value / length
        loss += away ** 2 / count
        moved.data[row * columns + i] = at(moved, row * columns + i) + (1 - call.number('momentum')) * away
      })
    }
    if (call.phase === 'training') call.update('centers', moved)
    return [tensor([], [loss])]
  },
  cases: [
    {
      name: 'per class, one class twice',
      inputs: {
        embedding: { shape: [3, 2, 4], fill: 'random' },
        label: { shape: [3], fill: { labels: [1, 0, 1], classes: 3 } },
      },
      phase: 'training',
    },
    {
      name: 'per part',
      inputs: {
        embedding: { shape: [2, 3, 2], fill: 'random' },
        label: { shape: [2], fill: { labels: [1, 0], classes: 2 } },
      },
      arguments: { per: 'part', normalize: false },
      phase: 'training',
    },
  ],
}
