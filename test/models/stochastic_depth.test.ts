import test from 'ava'
import { publishedBackbone } from '../../compiler/backbones/published.js'
import { settle } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import { compileText } from '../../runtime/specs/spec.js'

/** The rates of timm 1.0.31 at drop_path_rate = 0.1, in the order of the residual additions that they belong to. */
const rates = {
  vit_tiny_patch16_224: linear(12, 2),
  swin_tiny_patch4_window7_224: linear(12, 2),
  swinv2_tiny_window8_256: linear(12, 2),
  convnext_atto: linear(12),
  caformer_s18: linear(18, 2),
  regnety_004: linear(16),
  resnet18: linear(8),
  seresnext50_32x4d: linear(16),
  efficientnet_b0: [0.0125, 0.025, 0.0375, 0.04375, 0.05625, 0.0625, 0.075, 0.08125, 0.0875],
  mobilenetv3_large_100: [0.0125, 0.025, 0.03125, 0.04375, 0.05, 0.05625, 0.06875, 0.08125, 0.0875],
  mobilenetv4_conv_small: [5, 6, 7, 8, 9, 11, 12, 13, 14, 15].map((block) => (0.1 * block) / 17),
}

/** From 0 at the first block, which is never dropped, to 0.1 at the last. */
function linear(blocks: number, additions = 1): number[] {
  const all = Array.from({ length: blocks }, (_, block) => (0.1 * block) / (blocks - 1))
  return all.slice(1).flatMap((rate) => Array.from({ length: additions }, () => rate))
}

/** A model whose trunk is the family's block with the arguments of the published network, and with `more`. */
function model(name: string, more: string): string {
  const { family, block, arguments: given } = present(publishedBackbone(name), name).architecture
  const list = Object.entries(given).map(([argument, value]) => `, ${argument} = ${JSON.stringify(value)}`)
  return `import ${block} from "backbones/${family}"
model m(classes = 3) {
  input image: Image[3, 224, 224]
  input label: Class[classes]
  branch whole(image) { logits = ${block}(image, classes${list.join('')}${more}) }
  loss { whole = cross_entropy(whole.logits, label) }
  predict p = softmax(whole.logits)
}
`
}

function ratesIn(name: string, more = ''): readonly number[] {
  const { graph, diagnostics } = compileText('stochastic_depth.wsban', model(name, more))
  const nodes = present(graph, diagnostics.map(({ message }) => message).join()).nodes
  return nodes.flatMap(({ operation, attributes }) =>
    operation === 'drop_path' ? [Number(settle(present(attributes.rate, 'rate'), 'training'))] : [],
  )
}

for (const [name, expected] of Object.entries(rates))
  test(`${name} has the rates of stochastic depth of timm, and none at 0`, (t) => {
    const found = ratesIn(name, ', drop_path = 10%')
    t.is(found.length, expected.length)
    for (const [index, rate] of found.entries()) t.true(Math.abs(rate - (expected[index] ?? 0)) < 1e-7)
    t.deepEqual(ratesIn(name), [])
  })
