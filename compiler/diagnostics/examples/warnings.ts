import { besideBranch, file, inBranch, inModel, withHead } from './example.js'

const attended = (head: string, crop: string, rest: string) => `branch master(image) {
  features  = tiny(image).layer3
  attention = attention(features, maps = 8)
  embedding = bap(features, attention) -> signed_sqrt -> l2_normalize
  logits    = embedding -> ${head}linear(classes)
}

crop = crop_sampler(image, guide = ${crop})
branch part = master(crop)
${rest}`

const guide = 'mean(master.attention)'
const answer = 'predict part = softmax(part.logits)'

const unused = (allow: string) => `trunk  = tiny(image)
early  = relu(trunk.layer1)${allow}
logits = trunk.layer3 -> global_avg_pool -> linear(classes)`

const head = (result: string) => `block head(x, maps) {\n  return ${result}\n}`

const distilled = (teacher: string) => `crop = crop_sampler(image, guide = mean(master.trunk.layer3))
branch part = master(crop)
loss {
  part     = cross_entropy(part.logits, label)
  teaching = distill(student = master.logits, teacher = ${teacher})
}`

const normalized = (steps: string) => `import resnet18 from "backbones/resnet"

model birds(classes = 8) {
  input image: Image[3, 224, 224]${steps}
  input label: Class[classes]
  branch master(image) {
    trunk  = resnet18(image, weights = "timm/resnet18.tv_in1k")
    logits = trunk.layer4 -> global_avg_pool -> linear(classes)
  }
  loss { master = cross_entropy(master.logits, label) }
  predict probabilities = softmax(master.logits)
}`

export const warnings = {
  'zero-loss': {
    within: file,
    wrong: `model birds(classes = 8) {
  input image: Image[3, 96, 96]
  branch master(image) { logits = image -> global_avg_pool -> linear(classes) }
  predict probabilities = softmax(master.logits)
}`,
    right: `model birds(classes = 8) {
  input image: Image[3, 96, 96]
  input label: Class[classes]
  branch master(image) { logits = image -> global_avg_pool -> linear(classes) }
  loss { master = cross_entropy(master.logits, label) }
  predict probabilities = softmax(master.logits)
}`,
  },
  'idle-cascade': {
    within: inModel,
    wrong: attended(
      'scale(10) -> ',
      guide,
      'predict joint = cascade(softmax(master.logits), softmax(part.logits), sure = 90%)\npredict second = softmax(part.logits)',
    ),
    right: attended(
      'scale(10) -> ',
      guide,
      'predict joint = cascade(softmax(master.logits), softmax(part.logits), sure = 90%)',
    ),
  },
  'unscored-prediction': {
    within: besideBranch,
    wrong: 'predict scores = master.logits',
    right: 'predict certain = softmax(master.logits)',
  },
  'no-gradient': {
    within: inModel,
    wrong:
      'branch master(image) {\n  trunk  = tiny(image)\n  maps   = attention(trunk.layer3, maps = 8)\n  logits = trunk.layer3 -> global_avg_pool -> linear(classes)\n}\n\ncrop = crop_sampler(image, guide = mean(master.maps))\nbranch part = master(crop)\npredict part = softmax(part.logits)',
    right:
      'branch master(image) {\n  trunk  = tiny(image)\n  maps   = attention(trunk.layer3, maps = 8)\n  logits = bap(trunk.layer3, maps) -> linear(classes)\n}\n\ncrop = crop_sampler(image, guide = mean(master.maps))\nbranch part = master(crop)\npredict part = softmax(part.logits)',
  },
  'idle-loss': {
    within: besideBranch,
    wrong: 'loss { second = cross_entropy(detach(master.logits), label) }',
    right: 'loss { second = cross_entropy(master.logits, label, smoothing = 0.1) }',
  },
  'unused-binding': {
    within: inBranch,
    wrong: unused(''),
    right: 'trunk  = tiny(image)\nlogits = trunk.layer3 -> global_avg_pool -> linear(classes)',
  },
  'unused-import': {
    within: withHead,
    wrong: `import conv_bn, residual from "backbones/tiny"\n\n${head('conv_bn(x, maps)')}`,
    right: `import conv_bn from "backbones/tiny"\n\n${head('conv_bn(x, maps)')}`,
  },
  'unused-block': {
    within: withHead,
    wrong: `block halved(x) {\n  return x / 2\n}\n\n${head('conv2d(x, maps, 1)')}`,
    right: head('conv2d(x, maps, 1)'),
  },
  'unused-crop': {
    within: inModel,
    wrong: attended('scale(20) -> ', guide, 'loss { part = classes > 100 ? cross_entropy(part.logits, label) : 0 }'),
    right: attended('scale(20) -> ', guide, answer),
  },
  'teacher-learns': {
    within: besideBranch,
    wrong: distilled('part.logits'),
    right: distilled('detach(part.logits)'),
  },
  'softmax-twice': {
    within: besideBranch,
    wrong: 'predict sure = softmax(softmax(master.logits))',
    right: 'predict sure = softmax(master.logits, temperature = 0.5)',
  },
  'rectified-logits': {
    within: inBranch,
    wrong: 'trunk  = tiny(image)\nlogits = trunk.layer3 -> global_avg_pool -> linear(classes) -> relu',
    right: 'trunk  = tiny(image)\nlogits = trunk.layer3 -> global_avg_pool -> linear(classes)',
  },
  'unscaled-classifier': {
    within: inModel,
    wrong: attended('', guide, answer),
    right: attended('scale(20) -> ', guide, answer),
  },
  'enlarged-guide': {
    within: inModel,
    wrong: attended('scale(20) -> ', 'resize(mean(master.attention), size)', answer),
    right: attended('scale(20) -> ', 'mean(master.attention), resolution = image', answer),
  },
  'other-normalization': {
    within: file,
    wrong: normalized(''),
    right: normalized(' { resize(224), normalize(mean = imagenet, deviation = imagenet) }'),
  },
  'allow-without-reason': {
    within: inBranch,
    wrong: unused('  // allow unused-binding'),
    right: unused('  // allow unused-binding: kept to be looked at'),
  },
  'unused-allow': {
    within: inBranch,
    wrong:
      'trunk  = tiny(image)  // allow unused-binding: kept to be looked at\nlogits = trunk.layer3 -> global_avg_pool -> linear(classes)',
    right: 'trunk  = tiny(image)\nlogits = trunk.layer3 -> global_avg_pool -> linear(classes)',
  },
  'unknown-allow': {
    within: inBranch,
    wrong:
      'trunk  = tiny(image)  // allow unused-bindings: kept to be looked at\nlogits = trunk.layer3 -> global_avg_pool -> linear(classes)',
    right: unused('  // allow unused-binding: kept to be looked at'),
  },
} as const
