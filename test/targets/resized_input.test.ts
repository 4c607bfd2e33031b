import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { withResizedInput } from '../../compiler/targets/onnx/resized_input.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { resizeStrips } from '../../runtime/images/resize.js'
import { loadOnnxRuntime } from '../../runtime/onnxruntime/load.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-resized-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function compiled(name: string) {
  const { graph, stored } = compileFile(join(packageRoot(), 'models', `${name}.wsban`), { classes: 3 })
  if (!graph) throw new Error('the model does not compile')
  return { graph, stored }
}

for (const portable of [false, true])
  test(`a ${portable ? 'portable ' : ''}model answers alike from its resized image on`, async (t) => {
    const { graph, stored } = compiled('wsban_tiny')
    const path = join(folder, `whole-${portable}.onnx`)
    const exported = await exportOnnx({
      graph,
      stored,
      classes: undefined,
      path,
      input: 'image',
      weights: { seed: 5 },
      portable,
    })
    const resized = exported.resized()
    if (!resized) throw new Error('the model begins with a resize')
    const pieces: Uint8Array[] = []
    for await (const piece of resized.pieces()) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    t.is(bytes.length, resized.bytes)

    const { InferenceSession, Tensor } = await loadOnnxRuntime()
    const whole = await InferenceSession.create(readFileSync(path))
    const rest = await InferenceSession.create(bytes)
    const { size, interpolation } = resized.resize
    t.deepEqual(resized.resize, { size: 96, interpolation: 'bilinear' })
    for (const [height, width] of [
      [61, 143],
      [96, 96],
      [700, 500],
    ] as const) {
      const rgb = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * i * 31 + i * 7) % 256)
      const rgba = new Uint8Array(height * width * 4)
      for (let pixel = 0; pixel < height * width; pixel++) rgba.set(rgb.subarray(pixel * 3, pixel * 3 + 3), pixel * 4)
      const cut = 50 * width * 4
      const strips = [rgba.subarray(0, cut), rgba.subarray(cut)]
      const pixels = resizeStrips({ width, height, strips, stride: 4 }, size, size, interpolation)
      const planes = new Float32Array(pixels.length)
      for (let i = 0; i < pixels.length; i++) planes[(i % 3) * size * size + Math.floor(i / 3)] = pixels[i] as number
      const expected = await whole.run({ image: new Tensor('uint8', rgb, [1, height, width, 3]) })
      const actual = await rest.run({ [rest.inputNames[0] ?? '']: new Tensor('float32', planes, [1, 3, size, size]) })
      t.deepEqual(Object.keys(actual), Object.keys(expected))
      t.deepEqual(actual.boxes?.data, expected.boxes?.data)
      const [a, b] = [actual.probabilities?.data, expected.probabilities?.data]
      if (!(a instanceof Float32Array && b instanceof Float32Array)) throw new Error('no probabilities')
      t.true(a.every((value, index) => Math.abs(value - (b[index] ?? Number.NaN)) < 1e-5))
    }
    await Promise.all([whole.release(), rest.release()])
  })

test('a model with other steps before its resize is left whole', async (t) => {
  const { graph } = compiled('wsban_tiny')
  const program = emitOnnx(specialise(graph, 'inference'), {
    input: 'image',
    opset: 18,
    weights: ({ shape }) => new Float32Array(shape.reduce((product, side) => product * side, 1)),
  })
  t.truthy(withResizedInput(program, graph.image))
  t.is(withResizedInput(program, { ...graph.image, steps: graph.image.steps.toReversed() }), undefined)
})
