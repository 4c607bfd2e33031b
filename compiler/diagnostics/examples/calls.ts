import { besideBranch, inBranch } from './example.js'

const classified = (first: string) => `features = ${first}\nlogits   = features -> global_avg_pool -> linear(classes)`

export const calls = {
  'not-callable': {
    within: inBranch,
    wrong: 'width  = 16\nlogits = width(image) -> global_avg_pool -> linear(classes)',
    right: 'width  = 16\nlogits = conv2d(image, width, 3) -> global_avg_pool -> linear(classes)',
  },
  'unknown-argument': {
    within: inBranch,
    wrong: classified('conv2d(image, 16, kernel_size = 3)'),
    right: classified('conv2d(image, 16, kernel = 3)'),
  },
  'missing-argument': {
    within: inBranch,
    wrong: classified('conv2d(image, 16)'),
    right: classified('conv2d(image, 16, 3)'),
  },
  'too-many-arguments': {
    within: inBranch,
    wrong: 'logits = flatten(image, 2) -> linear(classes)',
    right: 'logits = flatten(image) -> linear(classes)',
  },
  'repeated-argument': {
    within: inBranch,
    wrong: classified('conv2d(image, 16, 3, kernel = 5)'),
    right: classified('conv2d(image, 16, kernel = 5)'),
  },
  'wrong-type': {
    within: inBranch,
    wrong: classified('conv2d("image", 16, 3)'),
    right: classified('conv2d(image, 16, 3)'),
  },
  'out-of-range': {
    within: besideBranch,
    wrong:
      'crop = crop_sampler(image, guide = mean(master.trunk.layer3), threshold = 120%)\nbranch part = master(crop)',
    right:
      'crop = crop_sampler(image, guide = mean(master.trunk.layer3), threshold = 20%)\nbranch part = master(crop)\npredict part = softmax(part.logits)',
  },
  'unknown-word': {
    within: besideBranch,
    wrong: 'train { schedule = cosin }',
    right: 'train { schedule = cosine }',
  },
  'not-a-constant': {
    within: inBranch,
    wrong: classified('conv2d(image, training ? 8 : 16, 3)'),
    right: classified('conv2d(image, 2 * classes, 3)'),
  },
  'division-by-zero': {
    within: inBranch,
    wrong: classified('conv2d(image, 16 / 0, 3)'),
    right: classified('conv2d(image, 16 / 2, 3)'),
  },
} as const
