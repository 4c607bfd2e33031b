import { besideBranch, file, inBranch, inModel } from './example.js'

const small = (inputs: string, predict = 'predict probabilities = softmax(master.logits)') =>
  [
    'model birds(classes = 8) {',
    inputs,
    '  branch master(image) { logits = image -> global_avg_pool -> linear(classes) }',
    '  loss { master = cross_entropy(master.logits, label) }',
    ...(predict === '' ? [] : [`  ${predict}`]),
    '}',
  ].join('\n')

const inputs = '  input image: Image[3, 96, 96]\n  input label: Class[classes]'

const severalLabels = `${inputs}\n  input colour: Class[classes]`

const cropped = (augment: string) => `crop = crop_sampler(image, guide = mean(master.trunk.layer3))
branch part = master(crop)
predict part = softmax(part.logits)
train { augment image { ${augment} } }`

export const models = {
  'no-model': { within: file, wrong: '// a file without a model and without a block', right: small(inputs) },
  'several-models': {
    within: file,
    wrong: `${small(inputs)}\n\nmodel second() {}`,
    right: small(inputs),
  },
  'unknown-input-type': {
    within: file,
    wrong: small('  input image: Image[3, 96, 96]\n  input label: Label[classes]'),
    right: small(inputs),
  },
  'wrong-input': {
    within: file,
    wrong: small('  input image: Image[3, 96, 64]\n  input label: Class[classes]'),
    right: small(inputs),
  },
  'no-prediction': { within: file, wrong: small(inputs, ''), right: small(inputs) },
  'reserved-output': {
    within: file,
    wrong: small(inputs, 'predict logits = softmax(master.logits)'),
    right: small(inputs),
  },
  'ambiguous-prediction': {
    within: file,
    wrong: small(severalLabels, 'predict other = softmax(image -> global_avg_pool -> linear(classes))'),
    right: small(severalLabels, 'predict probabilities = softmax(master.logits)'),
  },
  'cannot-balance': {
    within: file,
    wrong: small(severalLabels, 'predict probabilities = softmax(master.logits)\n  train { class_weights = balanced }'),
    right: small(inputs, 'predict probabilities = softmax(master.logits)\n  train { class_weights = balanced }'),
  },
  'label-in-answer': {
    within: besideBranch,
    wrong: 'predict chosen = softmax(master.logits * one_hot(label))',
    right: 'loss { chosen = -sum(log_softmax(master.logits) * one_hot(label), over = last) }',
  },
  'view-in-answer': {
    within: file,
    wrong: small(
      `${inputs}\n  input second: View[3, 96, 96]`,
      'loss { second = cross_entropy(second -> global_avg_pool -> linear(classes), label) }\n  predict brightness = mean(second, over = space)',
    ),
    right: small(
      `${inputs}\n  input second: View[3, 96, 96]`,
      'loss { second = cross_entropy(second -> global_avg_pool -> linear(classes), label) }\n  predict brightness = mean(image, over = space)',
    ),
  },
  'average-of-unused': {
    within: besideBranch,
    wrong: [
      'branch student(image) { logits = image -> global_avg_pool -> linear(8) }',
      'branch other(image) { logits = image -> global_avg_pool -> linear(8) }',
      'teacher = ema(other, 99%)',
      'loss { teacher = distill(student = student.logits, teacher = teacher.logits) }',
    ].join('\n'),
    right: [
      'branch student(image) { logits = image -> global_avg_pool -> linear(8) }',
      'teacher = ema(student, 99%)',
      'loss { teacher = distill(student = student.logits, teacher = teacher.logits) }',
    ].join('\n'),
  },
  'pairs-in-answer': {
    within: besideBranch,
    wrong: 'predict near = max(pairwise(master.logits), over = last)',
    right: 'loss { near = max(pairwise(master.logits), over = last) }',
  },
  'unknown-parameter': { within: file, wrong: small(inputs), set: { clases: 4 } },
  'unknown-setting': {
    within: besideBranch,
    wrong: 'train { epoch = 10 }',
    right: 'train { epochs = 10 }',
  },
  'wrong-steps': {
    within: besideBranch,
    wrong: 'loss { second = cross_entropy(master.logits, label) }\ntrain { steps = [master] }',
    right: 'loss { second = cross_entropy(master.logits, label) }\ntrain { steps = [master, second] }',
  },
  'sampler-batch': {
    within: besideBranch,
    wrong: 'train {\n  batch   = 16\n  sampler = classes(4, images = 8)\n}',
    right: 'train {\n  batch   = 32\n  sampler = classes(4, images = 8)\n}',
  },
  'sampler-classes': {
    within: besideBranch,
    wrong: 'train { sampler = classes(16, images = 2) }',
    right: 'train { sampler = classes(8, images = 4) }',
  },
  'cannot-cache': {
    within: besideBranch,
    wrong: 'train { cache = features }',
    right: 'train {\n  trunk = group(master.trunk, frozen = all)\n  cache = features\n}',
  },
  'cannot-mix': {
    within: besideBranch,
    wrong: cropped('resize(96), mixup(0.2)'),
    right: cropped('resize(96), flip(horizontal)'),
  },
  'model-too-large': {
    within: inModel,
    wrong:
      'branch master(image) {\n  rounds = repeat 1000 x = image { return repeat 30 y = x { return relu(y) } }\n  logits = rounds -> global_avg_pool -> linear(classes)\n}',
    right:
      'branch master(image) {\n  rounds = repeat 10 x = image { return repeat 30 y = x { return relu(y) } }\n  logits = rounds -> global_avg_pool -> linear(classes)\n}',
  },
  'tensor-too-large': {
    within: inBranch,
    wrong: 'logits = image -> flatten -> linear(1000000) -> linear(classes)',
    right: 'logits = image -> flatten -> linear(100) -> linear(classes)',
  },
  'one-value-per-channel': {
    within: file,
    wrong: small(inputs)
      .replace('global_avg_pool ->', 'avg_pool(96) -> batch_norm -> flatten ->')
      .replace('loss {', 'train { batch = 1 }\n  loss {'),
    right: small(inputs)
      .replace('global_avg_pool ->', 'avg_pool(96) -> batch_norm -> flatten ->')
      .replace('loss {', 'train { batch = 2 }\n  loss {'),
  },
  'duplicate-parameter': {
    within: inBranch,
    wrong:
      'both   = conv2d(image, 8, 1) + (image -> conv2d(8, 1))\nlogits = both -> global_avg_pool -> linear(classes)',
    right:
      'first  = conv2d(image, 8, 1)\nsecond = conv2d(image, 8, 1)\nlogits = first + second -> global_avg_pool -> linear(classes)',
  },
  'no-weights': {
    within: besideBranch,
    wrong: 'train { slow = group(master.trnk, rate = 10%) }',
    right: 'train { slow = group(master.trunk, rate = 10%) }',
  },
} as const
