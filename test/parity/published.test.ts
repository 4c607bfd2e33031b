import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { publishedBackbone } from '../../compiler/backbones/published.js'
import { compile } from '../../compiler/compile.js'
import { present } from '../../grammar/present.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'

/** Every architecture of `backbone` has timm's state dict, as recorded by record_published.py: names and shapes. */
const states = z
  .record(z.string(), z.object({ size: z.number(), state: z.string() }))
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'test', 'parity', 'recorded', 'published_states.json'), 'utf8')))

for (const [name, { size, state }] of Object.entries(states))
  test(`backbone(image, "${name}") has the parameters of timm's`, (t) => {
    const text = `model parity(classes = 1000) {
  input image: Image[3, ${size}, ${size}]
  branch net(image) { logits = backbone(image, "${name}", classes = classes) }
  predict output = net.logits
}
`
    const { graph, diagnostics } = compile({ source: 'parity.wsban', text }, diskLibrary())
    if (!graph) throw t.fail(diagnostics.map(({ message }) => message).join('\n'))
    const parameters = [...graph.parameters.values()].map((one) => ({
      ...one,
      name: one.name.slice('net.logits.'.length),
    }))
    const count = parameters.filter(({ trainable }) => trainable).reduce((sum, one) => sum + product(one.shape), 0)
    t.is(count, present(publishedBackbone(name), name).architecture.parameters)
    const lines = parameters.map((one) => `${one.name} ${one.shape.join('x')}`).sort()
    t.is(createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16), state)
  })

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1)
}
