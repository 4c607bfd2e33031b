import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import * as z from 'zod'
import {
  type Architecture,
  architectureNames,
  backboneNames,
  publishedBackbone,
} from '../../compiler/backbones/published.js'
import { compile } from '../../compiler/compile.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { measure } from '../../compiler/graph/measure.js'
import { present } from '../../grammar/present.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { WeightStore } from '../../runtime/weights/store.js'
import { LineProcess } from '../support/line_process.js'
import { distance, image, summary, type Values, valuesOf } from './formula.js'

/**
 * Compares published backbones with timm, in double precision on its side: the classifier's output and five layers, with weights by formula;
 * the names and shapes of the state dict, and the numbers of parameters and of multiply-adds, exactly.
 *
 *   npm run parity -- [NAME...] [--largest 120] [--size 64] [--engine tfjs-node]
 *
 * Names are architectures; without any, all that have at most `--largest` million parameters. `--size` is for networks that take images of
 * any size. A network that fails is reported, and the next one is compared. WSBAN_PYTHON is a Python with timm.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    largest: { type: 'string', default: '120' },
    size: { type: 'string', default: '64' },
    engine: { type: 'string', default: 'tfjs-node' },
  },
})

/**
 * Relative to a tensor's largest value: the engine computes in single precision. Where a network amplifies rounding, twice the largest
 * of its effects is allowed that answer.py measures in PyTorch.
 */
const tolerance = 1e-5
const reply = z.union([
  z.object({ error: z.string() }),
  z.object({
    taps: z.array(z.string()),
    values: z.record(z.string(), summary),
    factors: z.record(z.string(), z.number()),
    rounding: z.number(),
    parameters: z.number(),
    state: z.string(),
    multiplyAdds: z.number(),
  }),
])
type Expected = Exclude<z.infer<typeof reply>, { error: string }>
const states = z
  .record(z.string(), z.object({ size: z.number() }))
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'test', 'parity', 'recorded', 'published_states.json'), 'utf8')))

interface Compared {
  readonly name: string
  readonly family: string
  /** The largest relative difference of the output and the taps. */
  readonly worst: number
  /** The largest relative difference that rounding makes in PyTorch. */
  readonly rounding: number
  /** Differences from timm's network, including outputs beyond the tolerance. */
  readonly problems: readonly string[]
}

const names =
  positionals.length > 0
    ? positionals
    : architectureNames.filter((name) => architectureOf(name).parameters <= Number(options.largest) * 1e6)
const skipped = positionals.length > 0 ? 0 : architectureNames.length - names.length

await openEngine(z.enum(['tfjs-node', 'wasm', 'cpu']).parse(options.engine), silent)
let python = startPython()
const compared: Compared[] = []
for (const [index, name] of names.entries()) {
  const one = await compareWithTimm(name)
  compared.push(one)
  console.log(`${index + 1}/${names.length} ${name} ${one.worst.toExponential(1)} ${one.problems.join('; ')}`.trimEnd())
}
await python.close()
report()

function startPython(): LineProcess {
  return new LineProcess({
    program: process.env.WSBAN_PYTHON ?? 'python3',
    args: [join(packageRoot(), 'test', 'parity', 'answer.py')],
  })
}

function architectureOf(name: string): Architecture {
  return present(publishedBackbone(name), name).architecture
}

/** Returns the size of the images, and whether timm builds the network for it. */
function sizeOf(name: string): { readonly size: number; readonly resizable: boolean } {
  const { family, arguments: given } = architectureOf(name)
  if (family === 'vit' || family === 'eva')
    return { size: 4 * z.number().default(16).parse(given.patch_size), resizable: true }
  // The windows of a Swin transformer were recorded for its own size.
  if (family === 'swin' || family === 'swin_v2') return { size: present(states[name], name).size, resizable: false }
  // Below this size VGG's classifier needs an interpolation, which timm does not count.
  if (family === 'vgg') return { size: 224, resizable: false }
  // Without padding, Inception has nothing left of images below 75 pixels.
  return { size: Math.max(Number(options.size), family === 'inception_v3' ? 80 : 0), resizable: false }
}

async function compareWithTimm(name: string): Promise<Compared> {
  const { family } = architectureOf(name)
  const failed = (problem: string) => ({
    name,
    family,
    worst: Number.POSITIVE_INFINITY,
    rounding: 0,
    problems: [problem],
  })
  const { size, resizable } = sizeOf(name)
  const answer = await python.ask({ name, size, resizable })
  if ('ended' in answer) {
    python = startPython()
    return failed(`the Python process ended: ${answer.ended}`)
  }
  const expected = reply.parse(answer.answer)
  if ('error' in expected) return failed(expected.error)
  try {
    return { name, family, ...(await compareNetwork(name, size, expected)) }
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}

async function compareNetwork(name: string, size: number, expected: Expected) {
  const predictions = expected.taps.map((tap, index) => `  predict tap${index} = net.trunk.${tap}`).join('\n')
  const text = `model parity(classes = 1000) {
  input image: Image[3, ${size}, ${size}]
  branch net(image) { trunk = backbone(image, "${name}", classes = classes) }
  predict output = net.trunk
${predictions}
}
`
  const { graph, diagnostics } = compile({ source: `${name}.wsban`, text }, diskLibrary())
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join('; '))
  const found = await valuesOfNetwork(graph, name, size, expected)
  const problems = [...differences(graph, expected)]
  const away = Object.entries(expected.values).map(([tap, values]) => {
    const own = present(found.get(tap), tap)
    // The same values in the same order: timm's Swin has windows on the batch axis, and maps as rows.
    if (product(own.dims) !== product(values.shape)) problems.push(`${tap} is ${own.dims.join('x')}`)
    return { tap, away: distance(values, own) }
  })
  const worst = Math.max(...away.map((one) => one.away))
  const { rounding } = expected
  if (!(worst <= Math.max(tolerance, 2 * rounding))) {
    const taps = away.map((one) => `${one.tap} ${one.away.toExponential(1)}`).join(', ')
    problems.push(`beyond ${tolerance}: ${taps}; rounding ${rounding.toExponential(1)}`)
  }
  return { worst, rounding, problems }
}

async function valuesOfNetwork(graph: Graph, name: string, size: number, { taps, factors }: Expected) {
  const model = await loadModel(graph, name)
  const weights = new Map(
    model.parameters.map(({ name: key, shape }) => {
      const factor = factors[published(key)] ?? 1
      return [key, { shape, values: valuesOf(published(key), shape).map((value) => value * factor) }]
    }),
  )
  const store = WeightStore.from(model.parameters, weights, name)
  const found = new Map<string, Values>()
  try {
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
  } finally {
    store.dispose()
  }
  return found
}

/** The name of a parameter in timm's state dict. */
function published(parameter: string): string {
  return parameter.slice('net.trunk.'.length)
}

function* differences(graph: Graph, { parameters, state, multiplyAdds }: Expected): Generator<string> {
  const tensors = [...graph.parameters.values()]
  const trained = tensors.reduce((total, { trainable, shape }) => total + (trainable ? product(shape) : 0), 0)
  if (trained !== parameters) yield `${trained} parameters, ${parameters} in timm`
  const own = measure(graph).multiplyAdds
  if (own !== multiplyAdds) yield `${own} multiply-adds, ${multiplyAdds} in timm`
  const lines = tensors.map(({ name, shape }) => `${published(name)} ${shape.join('x')}`)
  const digest = createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16)
  if (digest !== state) yield 'another state dict'
}

function report(): void {
  const families = [...new Set(compared.map(({ family }) => family))]
  console.log('\nfamily          architectures  published names  largest difference  failures')
  for (const family of [...families, 'all']) {
    const members = compared.filter((one) => family === 'all' || one.family === family)
    const weights = members.reduce((total, { name }) => total + tagsOf(name), 0)
    const finite = members.map(({ worst }) => worst).filter(Number.isFinite)
    const largest = finite.length === 0 ? '' : Math.max(...finite).toExponential(1)
    const failures = members.filter(({ problems }) => problems.length > 0).length
    const columns = [members.length, weights, largest, failures].map(String)
    const widths = [13, 15, 18, 8]
    console.log(`${family.padEnd(16)}${columns.map((one, i) => one.padStart(widths[i] ?? 0)).join('  ')}`)
  }
  if (skipped > 0) console.log(`skipped: ${skipped} architectures of more than ${options.largest} million parameters`)
  for (const { name, worst, rounding } of compared)
    if (worst > tolerance && Number.isFinite(worst))
      console.log(`${name}: ${worst.toExponential(1)}, where rounding makes ${rounding.toExponential(1)}`)
  for (const { name, problems } of compared) if (problems.length > 0) console.log(`${name}: ${problems.join('; ')}`)
  process.exitCode = compared.some(({ problems }) => problems.length > 0) ? 1 : 0
}

/** The number of published sets of weights of the architecture. */
function tagsOf(name: string): number {
  return backboneNames.filter((one) => one.startsWith(`${name}.`)).length
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, length) => total * length, 1)
}
