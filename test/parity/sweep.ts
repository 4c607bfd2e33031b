import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { architectureNames, backboneNames, publishedBackbone } from '../../compiler/backbones/published.js'
import { compile } from '../../compiler/compile.js'
import { present } from '../../grammar/present.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package-root.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { WeightStore } from '../../runtime/weights/store.js'
import { LineProcess } from '../support/line_process.js'
import { distance, image, summary, type Values, valuesOf } from './formula.js'

/**
 * Compares published backbones with timm, in double precision on its side: the classifier's output and five layers, with weights by formula.
 *
 *   npm run parity -- [NAME...] [--most 100] [--size 64]
 *
 * Names are architectures; without any, all that have at most `--most` million parameters. WSBAN_PYTHON is a Python with timm.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { most: { type: 'string', default: '100' }, size: { type: 'string', default: '64' } },
})

/** Relative to a tensor's largest value; both sides add in another order, and the engine in single precision. */
const tolerance = 1e-4
const answer = z.object({ taps: z.array(z.string()), values: z.record(z.string(), summary) })
const states = z
  .record(z.string(), z.object({ size: z.number() }))
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'test', 'parity', 'recorded', 'published_states.json'), 'utf8')))

interface Compared {
  readonly name: string
  readonly worst: number
}

const isFixed = (name: string) => ['vit', 'swin'].includes(present(publishedBackbone(name), name).architecture.family)

const few = (name: string) =>
  present(publishedBackbone(name), name).architecture.parameters <= Number(options.most) * 1e6
const names = positionals.length > 0 ? positionals : architectureNames.filter(few)

await openEngine('tfjs-node', silent)
const python = new LineProcess({
  program: process.env.WSBAN_PYTHON ?? 'python3',
  args: [join(packageRoot(), 'test', 'parity', 'answer.py')],
})
const compared: Compared[] = []
for (const [index, name] of names.entries()) {
  const size = isFixed(name) ? present(states[name], name).size : Number(options.size)
  const reply = await python.ask({ name, size })
  if ('ended' in reply) throw new Error(`the Python process ended: ${reply.ended}`)
  const worst = await compareNetwork(name, size, answer.parse(reply.answer))
  compared.push({ name, worst })
  console.log(`${index + 1}/${names.length} ${name} ${worst.toExponential(1)}`)
}
await python.close()
const far = compared.filter(({ worst }) => !(worst <= tolerance))
const largest = Math.max(...compared.map(({ worst }) => worst))
const weights = compared.reduce((total, { name }) => total + tagsOf(name), 0)
console.log(
  `${compared.length} architectures, ${weights} published names: largest relative difference ${largest.toExponential(1)}`,
)
for (const { name, worst } of far) console.log(`beyond ${tolerance}: ${name} ${worst}`)
process.exitCode = far.length > 0 ? 1 : 0

async function compareNetwork(name: string, size: number, { taps, values }: z.infer<typeof answer>): Promise<number> {
  const predictions = taps.map((tap, index) => `  predict tap${index} = net.trunk.${tap}`).join('\n')
  const text = `model parity(classes = 1000) {
  input image: Image[3, ${size}, ${size}]
  branch net(image) { trunk = backbone(image, "${name}", classes = classes) }
  predict output = net.trunk
${predictions}
}
`
  const { graph, diagnostics } = compile({ source: `${name}.wsban`, text }, diskLibrary())
  if (!graph) throw new Error(`${name}: ${diagnostics.map(({ message }) => message).join('; ')}`)
  const model = await loadModel(graph, name)
  const prefix = 'net.trunk.'
  const weights = new Map(
    model.parameters.map(({ name: key, shape }) => [key, { shape, values: valuesOf(key.slice(prefix.length), shape) }]),
  )
  const store = WeightStore.from(model.parameters, weights, name)
  const found = new Map<string, Values>()
  tf.tidy(() => {
    const at = Scope.of({ variables: store.variables, training: false, key: [1] })
    const { answers } = model.forward(at, tf.tensor4d(image(1, size), [1, size, size, 3]))
    for (const [output, tensor] of Object.entries(answers)) {
      if (!(tensor instanceof tf.Tensor)) continue
      const canonical = tensor.rank === 4 ? tf.transpose(tensor, [0, 3, 1, 2]) : tensor
      const tap = output.startsWith('tap') ? present(taps[Number(output.slice(3))], output) : output
      found.set(tap, { dims: canonical.shape, data: canonical.dataSync() })
    }
  })
  store.dispose()
  return Math.max(
    ...Object.entries(values).map(([tap, expected]) => {
      const own = found.get(tap)
      if (!own || own.dims.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY
      return distance(expected, own)
    }),
  )
}

/** The number of published sets of weights of the architecture. */
function tagsOf(name: string): number {
  return backboneNames.filter((one) => one.startsWith(`${name}.`)).length
}
