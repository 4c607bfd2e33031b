import { besideBranch, inBranch } from './example.js'

const pooled = (features: string, attention: string) =>
  `trunk  = tiny(image)\nparts  = bap(${features}, attention(${attention}, maps = 8))\nlogits = linear(parts, classes)`

export const shapes = {
  'spatial-mismatch': {
    within: inBranch,
    wrong: pooled('trunk.layer1', 'trunk.layer3'),
    right: pooled('trunk.layer3', 'trunk.layer3'),
  },
  'shape-mismatch': {
    within: inBranch,
    wrong: 'trunk  = tiny(image)\nlogits = trunk.layer2 + trunk.layer3 -> global_avg_pool -> linear(classes)',
    right:
      'trunk  = tiny(image)\nwider  = conv2d(trunk.layer2, 96, 1)\nboth   = wider + trunk.layer3\nlogits = both -> global_avg_pool -> linear(classes)',
  },
  'attention-mismatch': {
    within: inBranch,
    wrong:
      'rows   = reshape(image, [3, -1])\nfew    = slice(rows, 0, 2, over = 0)\nlogits = dot_product_attention(rows, rows, few) -> flatten -> linear(classes)',
    right:
      'rows   = reshape(image, [3, -1])\nfew    = slice(rows, 0, 2, over = 0)\nlogits = dot_product_attention(few, rows, rows) -> flatten -> linear(classes)',
  },
  'product-mismatch': {
    within: inBranch,
    wrong: 'rows   = reshape(image, [3, -1])\nlogits = matmul(rows, rows) -> flatten -> linear(classes)',
    right:
      'rows   = reshape(image, [3, -1])\nlogits = matmul(rows, rows, transpose_b = true) -> flatten -> linear(classes)',
  },
  'reshape-mismatch': {
    within: inBranch,
    wrong: 'logits = image -> reshape([300]) -> linear(classes)',
    right: 'logits = image -> reshape([-1]) -> linear(classes)',
  },
  'wrong-rank': {
    within: inBranch,
    wrong: 'logits = image -> linear(classes)',
    right: 'logits = image -> global_avg_pool -> linear(classes)',
  },
  'pairs-not-taken': {
    within: besideBranch,
    wrong: 'loss { near = pairwise(master.logits) -> flatten -> mean(over = last) }',
    right: 'loss { near = pairwise(master.logits) -> mean(over = last) }',
  },
  'unknown-axis': {
    within: inBranch,
    wrong: 'logits = image -> mean(over = tokens) -> linear(classes)',
    right: 'logits = image -> mean(over = space) -> linear(classes)',
  },
  'empty-result': {
    within: inBranch,
    wrong: 'logits = conv2d(image, 16, 99) -> global_avg_pool -> linear(classes)',
    right: 'logits = conv2d(image, 16, 9) -> global_avg_pool -> linear(classes)',
  },
  'padding-too-large': {
    within: inBranch,
    wrong: 'logits = image -> max_pool(2, padding = 2) -> global_avg_pool -> linear(classes)',
    right: 'logits = image -> max_pool(2, padding = 1) -> global_avg_pool -> linear(classes)',
  },
  'classes-mismatch': {
    within: inBranch,
    wrong: 'logits = image -> global_avg_pool -> linear(10)',
    right: 'logits = image -> global_avg_pool -> linear(classes)',
  },
} as const
