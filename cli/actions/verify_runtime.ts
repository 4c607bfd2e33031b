import { isBoxOutput } from '../../runtime/inference/answer.js'
import { type Difference, differenceOf, larger } from '../../runtime/inference/difference.js'
import { OnnxModel } from '../../runtime/inference/onnx_model.js'
import { floatOutputs, openModelSession, runSession } from '../../runtime/inference/onnx_session.js'
import { type RuntimeInput, runInRuntime } from '../../runtime/inference/other_runtime.js'
import type { WantedRuntime } from '../../runtime/inference/runtime_names.js'
import { loadOnnxRuntime } from '../../runtime/onnxruntime/load.js'
import { namedPython } from '../../runtime/pytorch/environment.js'
import type { Io } from '../io.js'
import { type ComparedImages, imagesFor } from './compared_images.js'

/** Relative to the largest value of an output. Runtimes sum thousands of products in different orders. */
const tolerance = 1e-4

/** Boxes are fractions of the image: less than a thousandth of a pixel. */
const boxTolerance = 1e-6

/** Compares an exported file in another runtime with ONNX Runtime, output by output. 0 when they agree. */
export async function verifyRuntime(
  file: string,
  wanted: WantedRuntime,
  images: ComparedImages,
  io: Io,
): Promise<number> {
  const model = await OnnxModel.read(file)
  model.requireImages()
  const inputs: RuntimeInput[] = []
  const { batch = 1 } = model.sizes
  for await (const { image } of imagesFor(images, [])) {
    const { width, height, data } = model.fitted(image)
    const repeated = new Uint8Array(batch * data.length)
    for (let index = 0; index < batch; index++) repeated.set(data, index * data.length)
    inputs.push({ shape: [batch, height, width], data: repeated })
  }
  io.reporter.say(`running ${inputs.length} images in ${wanted.name}`)
  const { version, outputs } = await runInRuntime(wanted, file, inputs, namedPython())
  const runtime = await loadOnnxRuntime(io.reporter)
  const session = await openModelSession(runtime, model)
  const differences = new Map<string, Difference>()
  let sameBoxes = 0
  try {
    for (const [index, { shape, data }] of inputs.entries()) {
      const tensor = new runtime.Tensor('uint8', data, [...shape, 3])
      const expected = floatOutputs(await runSession(session, tensor, file), model)
      const found = outputs[index] ?? {}
      let same = true
      for (const [name, { values }] of Object.entries(expected)) {
        const difference = differenceOf(values, found[name]?.values)
        differences.set(name, larger(differences.get(name), difference))
        if (isBoxOutput(name)) same &&= difference.absolute <= boxTolerance
      }
      sameBoxes += Number(same)
    }
  } finally {
    await session.release()
  }
  const hasBoxes = [...differences.keys()].some(isBoxOutput)
  const good =
    [...differences.values()].every(({ relative }) => relative <= tolerance) &&
    (!hasBoxes || sameBoxes === inputs.length)
  for (const [name, { absolute, relative }] of differences)
    io.print(
      `${name.padEnd(16)} largest difference ${absolute.toExponential(1)}, relative ${relative.toExponential(1)}`,
    )
  if (hasBoxes) io.print(`same box on ${sameBoxes} of ${inputs.length} images`)
  const which = `${wanted.name} ${version}`
  io.print(
    good
      ? `${which} computes what ONNX Runtime computes (tolerance ${tolerance})`
      : `${which} differs from ONNX Runtime by more than is allowed (tolerance ${tolerance}, boxes ${boxTolerance})`,
  )
  io.json({
    ok: good,
    runtime: wanted.name,
    version,
    tolerance,
    images: inputs.length,
    sameBoxes: hasBoxes ? sameBoxes : null,
    differences: Object.fromEntries(differences),
  })
  return good ? 0 : 1
}
