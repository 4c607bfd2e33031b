import { file, inBranch, withHead } from './example.js'

const logits = 'logits   = features -> global_avg_pool -> linear(classes)'

export const names = {
  'unknown-backbone': {
    within: inBranch,
    wrong: 'logits = backbone(image, "resnet500", classes = classes)',
    right: 'logits = backbone(image, "resnet50", classes = classes)',
  },
  'unknown-name': {
    within: inBranch,
    wrong: 'features = conv2d(image, 16, 3)\nlogits   = feature -> global_avg_pool -> linear(classes)',
    right: 'features = conv2d(image, 16, 3)\nlogits   = features -> global_avg_pool -> linear(classes)',
  },
  'unknown-member': {
    within: inBranch,
    wrong: 'trunk  = tiny(image)\nlogits = trunk.layer4 -> global_avg_pool -> linear(classes)',
    right: 'trunk  = tiny(image)\nlogits = trunk.layer3 -> global_avg_pool -> linear(classes)',
  },
  'no-members': {
    within: inBranch,
    wrong: 'features = conv2d(image, 16, 3) * 2\nlogits   = features.shape -> global_avg_pool -> linear(classes)',
    right: 'features = conv2d(image, 16, 3) * 2\nlogits   = features -> global_avg_pool -> linear(classes)',
  },
  'duplicate-name': {
    within: inBranch,
    wrong: 'x      = conv2d(image, 16, 3)\nx      = relu(x)\nlogits = x -> global_avg_pool -> linear(classes)',
    right: 'x      = conv2d(image, 16, 3) -> relu\nlogits = x -> global_avg_pool -> linear(classes)',
  },
  'recursive-block': {
    within: withHead,
    wrong: 'block head(x, maps) { return head(relu(x), maps) }',
    right: 'block head(x, maps) { return repeat 4 y = x { return conv2d(y, maps, 1) } }',
  },
  'unnamed-value': {
    within: file,
    wrong: 'block head(x, maps) {\n  y = relu(x)\n  return y, conv2d(y, maps, 1)\n}',
    right: 'block head(x, maps) {\n  y = relu(x)\n  z = conv2d(y, maps, 1)\n  return y, z\n}',
  },
  'no-result': {
    within: withHead,
    wrong: 'block head(x, maps) {\n  conv = conv2d(x, maps, 1)\n}',
    right: 'block head(x, maps) {\n  conv = conv2d(x, maps, 1)\n  return conv\n}',
  },
  'after-return': {
    within: withHead,
    wrong: 'block head(x, maps) {\n  return conv2d(x, maps, 1)\n  y = relu(x)\n}',
    right: 'block head(x, maps) {\n  y = relu(x)\n  return conv2d(y, maps, 1)\n}',
  },
  'not-indexable': {
    within: inBranch,
    wrong: `width    = 16\nfeatures = conv2d(image, width[0], 3)\n${logits}`,
    right: `widths   = [16, 32]\nfeatures = conv2d(image, widths[0], 3)\n${logits}`,
  },
  'no-such-item': {
    within: inBranch,
    wrong: `widths   = [16, 32]\nfeatures = conv2d(image, widths[2], 3)\n${logits}`,
    right: `widths   = [16, 32]\nfeatures = conv2d(image, widths[1], 3)\n${logits}`,
  },
} as const
