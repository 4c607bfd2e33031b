import { file, inBranch } from './example.js'

const logits = 'logits   = features -> global_avg_pool -> linear(classes)'

const deep = `features = ${'('.repeat(101)}conv2d(image, 16, 3)${')'.repeat(101)}\n${logits}`

export const reading = {
  'unexpected-token': {
    within: inBranch,
    wrong: `features = conv2d(image, 16, 3\n${logits}`,
    right: `features = conv2d(image, 16, 3)\n${logits}`,
  },
  'unknown-character': {
    within: inBranch,
    wrong: `features = conv2d(image, 16, 3)@\n${logits}`,
    right: `features = conv2d(image, 16, 3)\n${logits}`,
  },
  'not-a-name': {
    within: inBranch,
    wrong: `"conv.1" = conv2d(image, 16, 3)\nfeatures = "conv.1"\n${logits}`,
    right: `"conv-1" = conv2d(image, 16, 3)\nfeatures = "conv-1" -> relu\n${logits}`,
  },
  'too-deep': {
    within: inBranch,
    wrong: deep,
    right: `features = conv2d(image, 16, 3)\n${logits}`,
  },
  'import-not-found': {
    within: file,
    wrong: 'import resnet50 from "backbones/resnet50"\n\nblock body(x) { return resnet50(x) }',
    right: 'import resnet50 from "backbones/resnet"\n\nblock body(x) { return resnet50(x) }',
  },
  'import-cycle': {
    within: file,
    wrong: 'import body from "./body"\n\nblock head(x) { return body(x) }',
    right: 'block head(x) { return conv2d(x, 8, 3) }',
    files: { body: 'import head from "./example"\n\nblock body(x) { return head(x) }\n' },
  },
  'not-exported': {
    within: file,
    wrong: 'import resnet51 from "backbones/resnet"\n\nblock body(x) { return relu(x) }',
    right: 'import resnet50 from "backbones/resnet"\n\nblock body(x) { return resnet50(x) }',
  },
} as const
