import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import test from 'ava'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import * as z from 'zod'
import { tensor } from '../../compiler/ops/support/tensor.js'
import { className } from '../../compiler/targets/pytorch/python.js'
import { writeTarget } from '../../runtime/export/target.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { differs } from '../support/compare.js'
import { subjects } from '../support/model_checks.js'
import { lacksModules, runPython, skipped } from '../support/python.js'

/** Relative to an output's largest value, or absolute if all are below 1. Both sides compute in single precision. */
const tolerance = 1e-4
/** TASN samples noise at places that it computes, which multiplies a difference in its maps. */
const toleranceOfSamples = 5e-3

const exported = z.union([
  z.object({ outputs: z.array(z.tuple([z.string(), z.array(z.number())])) }),
  z.object({ error: z.string() }),
])

const folder = mkdtempSync(join(tmpdir(), 'wsban-torch-onnx-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const floats = (file: string) => new Float32Array(new Uint8Array(readFileSync(file)).buffer)

test('torch.onnx.export writes every generated model, and ONNX Runtime computes the same for a batch of any size', async (t) => {
  if (skipped(t, lacksModules('torch', 'onnx', 'onnxscript'))) return
  const chosen = subjects.filter(({ path }) => path.startsWith(join(packageRoot(), 'models')))
  t.true(chosen.length > 40)
  const places: string[] = []
  const shapes: (readonly [number, number, number])[] = []
  for (const [index, { path, settings }] of chosen.entries()) {
    const spec = compileFile(path, settings)
    const { graph } = spec
    if (!graph) throw new Error(`${path} does not compile`)
    const place = join(folder, `${index} ${basename(path, '.wsban')}`)
    mkdirSync(place)
    await writeTarget({ ...spec, graph }, { target: 'pytorch', out: place, seed: 1 })
    const { channels, height, width } = graph.image
    writeFileSync(
      join(place, 'export.json'),
      JSON.stringify({ name: className([graph.name]), shape: [channels, height, width] }),
    )
    places.push(place)
    shapes.push([channels, height, width])
  }
  const lines = runPython([join(packageRoot(), 'test', 'pytorch', 'export_onnx.py'), ...places])
    .trim()
    .split('\n')
  const failures: string[] = []
  for (const [index, place] of places.entries()) {
    const found = exported.parse(JSON.parse(lines[index] ?? ''))
    const name = basename(place)
    if ('error' in found) {
      failures.push(`${name}: ${found.error}`)
      continue
    }
    const session = await InferenceSession.create(join(place, 'model.onnx'), { logSeverityLevel: 4 })
    const [input = ''] = session.inputNames
    const images = new Tensor('float32', floats(join(place, 'images.f32')), [3, ...(shapes[index] ?? [])])
    const results = await session.run({ [input]: images })
    t.is(session.outputNames.length, found.outputs.length, name)
    for (const [number, [output, shape]] of found.outputs.entries()) {
      const value = results[session.outputNames[number] ?? '']
      const wanted = tensor(shape, floats(join(place, `${number}.f32`)))
      const values = tensor(value?.dims ?? [], Float32Array.from(value?.data as Float32Array))
      const allowed = name.includes('tasn') ? toleranceOfSamples : tolerance
      const difference = differs(wanted, values, allowed)
      if (difference !== undefined) failures.push(`${name}: ${output}: ${difference}`)
    }
    await session.release()
  }
  t.deepEqual(failures, [])
})
