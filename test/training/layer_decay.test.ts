import { readFileSync } from 'node:fs'
import test from 'ava'
import * as z from 'zod'
import { compile } from '../../compiler/compile.js'
import { present } from '../../grammar/present.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { parameterSettings } from '../../runtime/training/parameter_settings.js'

/** timm's factors of the learning rate by weight (test/parity/record_layer_decay.py). */
const recorded = z
  .object({ decay: z.number(), networks: z.record(z.string(), z.record(z.string(), z.number())) })
  .parse(JSON.parse(readFileSync(new URL('../parity/recorded/layer_decay.json', import.meta.url), 'utf8')))

function graphOf(trunk: string, group: string) {
  const text = `
model small(classes = 7, size = 224) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) {
    trunk  = backbone(image, "${trunk}", weights = "none")
    logits = trunk.features -> global_avg_pool -> linear(classes)
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
  train { ${group} }
}`
  const { graph, diagnostics } = compile({ source: 'small.wsban', text }, diskLibrary())
  return present(graph, diagnostics.map(({ message }) => message).join('\n'))
}

for (const [name, factors] of Object.entries(recorded.networks))
  test(`${name}: the learning rate of each weight is timm's`, (t) => {
    const graph = graphOf(name, `trunk = group(whole.trunk, layer_decay = ${recorded.decay})`)
    const settings = parameterSettings(graph.plan, [...graph.parameters.values()])
    let compared = 0
    for (const [parameter, { rate }] of settings) {
      const own = parameter.replace(/^whole\.trunk\./, '')
      const expected = own === parameter ? 1 : factors[own]
      // timm's classifiers, which are not part of the features, have the whole rate.
      if (expected === undefined || (expected === 1 && own !== parameter)) continue
      t.true(Math.abs(rate - expected) < 1e-12, `${parameter}: ${rate}, not ${expected}`)
      compared++
    }
    const inTrunk = Object.values(factors).filter((factor) => factor < 1).length
    t.true(compared >= inTrunk, `${compared} of ${inTrunk}`)
  })

test('the rate of the group applies to all its layers', (t) => {
  const { plan, parameters } = graphOf('resnet18', 'trunk = group(whole.trunk, rate = 10%, layer_decay = 0.5)')
  const settings = parameterSettings(plan, [...parameters.values()])
  t.is(settings.get('whole.trunk.layer4.1.conv1.weight')?.rate, 0.05)
  t.is(settings.get('whole.trunk.layer4.0.conv1.weight')?.rate, 0.025)
  t.is(settings.get('whole.logits.weight')?.rate, 1)
})
