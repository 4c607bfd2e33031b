import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import * as z from 'zod'
import { compile } from '../../compiler/compile.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { loadWeights } from '../../runtime/weights/load.js'
import { WeightStore } from '../../runtime/weights/store.js'
import { distance, image, summary, valuesOf } from './formula.js'

/** Checkpoints with the names of torchvision, DINOv2 and ConvNeXt's authors load into our blocks and give the same outputs. */

/** Relative to the largest value of the output: the engine computes in single precision. */
const tolerance = 1e-5
const classes = 1000

const recorded = z
  .record(
    z.string(),
    z.object({
      call: z.string(),
      size: z.number(),
      shapes: z.record(z.string(), z.array(z.number())),
      output: summary,
    }),
  )
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'test', 'parity', 'recorded', 'layouts.json'), 'utf8')))

const folder = mkdtempSync(join(tmpdir(), 'wsban-layouts-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test.before(async () => {
  await openEngine(undefined, silent)
})

for (const [name, { call, size, shapes, output }] of Object.entries(recorded))
  test.serial(`a checkpoint in the layout of ${name} loads, and computes what the original computes`, async (t) => {
    const path = join(folder, `${name}.safetensors`)
    const tensors = new Map(
      Object.entries(shapes).map(([key, shape]) => [key, { shape, values: valuesOf(key, shape) }]),
    )
    await writeSafetensors(path, { tensors, metadata: {} })
    const graph = compiled(name, call, size)
    const {
      tensors: weights,
      match,
      lines,
    } = await loadWeights([...graph.parameters.values()], { path, complete: false })
    t.is(match.part, 'net.trunk.')
    t.is(
      lines.filter((line) => line.startsWith('  names of')).length,
      /^dinov2(_resized)?$/.test(name) ? 0 : 1,
      lines.join('\n'),
    )
    // Only this network is called with timm's eps; it was recorded with the same one, in torchvision's layout.
    t.is(
      lines.filter((line) => /^ {2}warning +batch norm had eps = 0\.001 .* has 0\.00001 here/.test(line)).length,
      name === 'mobilenet_v3_small' ? 1 : 0,
      lines.join('\n'),
    )
    t.deepEqual(match.missing, [])
    t.is(match.resampled.length, name.endsWith('resized') ? 1 : 0)
    t.deepEqual(match.unused, name.startsWith('dinov2') ? ['mask_token'] : [])
    const model = await loadModel(graph, name)
    const store = WeightStore.from(model.parameters, weights, name)
    const values = tf.tidy(() => {
      const at = Scope.of({ variables: store.variables, training: false, key: [1] })
      const answer = model.forward(at, tf.tensor4d(image(1, size), [1, size, size, 3])).answers.output
      if (!(answer instanceof tf.Tensor)) throw new Error('no output')
      return answer.dataSync()
    })
    store.dispose()
    const away = distance(output, { dims: output.shape, data: values })
    t.true(away <= tolerance, `${away}`)
    t.log(`${name}: ${away.toExponential(1)}`)
  })

function compiled(name: string, call: string, size: number) {
  const family = call.slice(0, call.indexOf('('))
  const imported = family === 'backbone' ? '' : `import ${family} from "backbones/${family}"\n\n`
  const text = `${imported}model parity(classes = ${classes}) {
  input image: Image[3, ${size}, ${size}]
  branch net(image) { trunk = ${call} }
  predict output = net.trunk
}
`
  const { graph, diagnostics } = compile({ source: `${name}.wsban`, text }, diskLibrary())
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return graph
}
