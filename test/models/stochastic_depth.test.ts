import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { familiesWithStochasticDepth } from '../../compiler/backbones/published.js'
import { settle } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import table from '../../models/published.json' with { type: 'json' }
import { packageRoot } from '../../runtime/package_root.js'
import { compileText } from '../../runtime/specs/spec.js'

/** The rates of timm 1.0.31 at drop_path_rate = 0.1, in the order of the residual additions that they belong to. */
const rates = {
  vit_tiny_patch16_224: linear(12, 2),
  eva02_tiny_patch14_224: linear(12, 2),
  swin_tiny_patch4_window7_224: linear(12, 2),
  convnext_atto: linear(12),
  regnety_004: linear(16),
  resnet18: linear(8),
  seresnext50_32x4d: linear(16),
  efficientnet_b0: [0.0125, 0.025, 0.0375, 0.04375, 0.05625, 0.0625, 0.075, 0.08125, 0.0875],
  mobilenetv3_large_100: [0.0125, 0.025, 0.03125, 0.04375, 0.05, 0.05625, 0.06875, 0.08125, 0.0875],
}

/** From 0 at the first block, which is never dropped, to 0.1 at the last. */
function linear(blocks: number, additions = 1): number[] {
  const all = Array.from({ length: blocks }, (_, block) => (0.1 * block) / (blocks - 1))
  return all.slice(1).flatMap((rate) => Array.from({ length: additions }, () => rate))
}

const model = (call: string) => `model m(classes = 3, rate = 10%) {
  input image: Image[3, 224, 224]
  input label: Class[classes]
  branch whole(image) { logits = ${call} }
  loss { whole = cross_entropy(whole.logits, label) }
  predict p = softmax(whole.logits)
}
`

function compiled(call: string) {
  return compileText('stochastic_depth.wsban', model(call))
}

function ratesIn(call: string): readonly number[] {
  const { graph, diagnostics } = compiled(call)
  const nodes = present(graph, diagnostics.map(({ message }) => message).join()).nodes
  return nodes.flatMap(({ operation, attributes }) =>
    operation === 'drop_path' ? [Number(settle(present(attributes.rate, 'rate'), 'training'))] : [],
  )
}

for (const [name, expected] of Object.entries(rates))
  test(`${name} has the rates of stochastic depth of timm, and none at 0`, (t) => {
    const found = ratesIn(`backbone(image, "${name}", classes, drop_path = rate)`)
    t.is(found.length, expected.length)
    for (const [index, rate] of found.entries()) t.true(Math.abs(rate - (expected[index] ?? 0)) < 1e-7)
    t.deepEqual(ratesIn(`backbone(image, "${name}", classes)`), [])
    t.deepEqual(ratesIn(`image -> backbone("${name}", classes, drop_path = 0%)`), [])
  })

test('a backbone without stochastic depth refuses its rate', (t) => {
  for (const name of ['densenet121', 'inception_v3']) {
    const { diagnostics } = compiled(`backbone(image, "${name}", classes, drop_path = 10%)`)
    t.deepEqual(
      diagnostics.map(({ code, message }) => [code, message]),
      [['unknown-argument', `\`${name}\` has no argument \`drop_path\``]],
    )
  }
  const twice = compiled('backbone(image, "resnet18", classes, drop_path = 10%, drop_path = 20%)').diagnostics
  t.deepEqual(
    twice.map(({ code }) => code),
    ['repeated-argument'],
  )
})

test('the families with stochastic depth are those whose blocks have its parameter', (t) => {
  const families = new Set(Object.values(table.architectures).map(({ family }) => family))
  const having = [...families].filter((family) => {
    const text = readFileSync(join(packageRoot(), 'models', 'backbones', `${family}.wsban`), 'utf8')
    return new RegExp(`^block ${family}\\([^{]*\\bdrop_path = 0%`, 'm').test(text)
  })
  t.deepEqual(having.toSorted(), [...familiesWithStochasticDepth])
})
