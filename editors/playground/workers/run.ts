import { env, InferenceSession } from 'onnxruntime-web/wasm'
import { exportOnnx, type OnnxFile } from '../../../runtime/compiler_api/onnx.js'
import { Turns } from '../../../runtime/images/alone.js'
import { ask, bytesOf } from '../../../runtime/page/answer.js'
import { answerRequests } from './answering.js'
import type { ModelVersion, RunRequests } from './run_requests.js'

/** ONNX Runtime's WebAssembly, in base64; the build puts it there. */
declare const wsbanRuntime: string

let ready: Promise<void> | undefined

async function prepare(): Promise<void> {
  // Threads need cross-origin isolation, whose headers a page opened from a disk cannot have.
  env.wasm.numThreads = 1
  env.wasm.wasmBinary = await bytesOf(wsbanRuntime)
}

let made: { readonly version: ModelVersion; readonly onnx: OnnxFile; session?: InferenceSession } | undefined

/** The file of a model; made once for each text and weights. */
async function madeFor(version: ModelVersion): Promise<NonNullable<typeof made>> {
  if (made?.version.spec.text === version.spec.text && made.version.weightsName === version.weightsName) return made
  await made?.session?.release()
  made = undefined
  const { spec, seed, weights } = version
  const { onnx } = await exportOnnx(spec, { seed, ...(weights && { weights }) })
  if (!onnx) throw new Error('there is no model')
  made = { version, onnx }
  return made
}

const sizesOf = ({ bytes, nodes, parameters, random }: OnnxFile) => ({
  bytes: bytes.length,
  nodes,
  parameters: parameters.length,
  random: random.length,
})

/** One request at a time: a session must not be released while it runs. */
const turns = new Turns()

answerRequests<RunRequests>({
  look: ({ version, image }) =>
    turns.alone(async () => {
      ready ??= prepare()
      await ready
      const model = await madeFor(version)
      model.session ??= await InferenceSession.create(model.onnx.bytes, { executionProviders: ['wasm'] })
      return { answer: await ask(model.session, image), file: sizesOf(model.onnx) }
    }),
  onnx: (version) =>
    turns.alone(async () => {
      const { onnx } = await madeFor(version)
      return { bytes: onnx.bytes, file: sizesOf(onnx) }
    }),
})
