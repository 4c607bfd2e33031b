import { parentPort, workerData } from 'node:worker_threads'
import * as z from 'zod'
import { Failure } from '../failure.js'
import { OnnxModel } from '../inference/onnx_model.js'
import { floatOutputs, openModelSession, runSession } from '../inference/onnx_session.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import type { FromSession, ToSession } from './served_model.js'

// The entry point of the thread that runs the model: ONNX Runtime's Node binding computes in the thread that calls it, and the server has
// to answer others meanwhile.

const port = parentPort
if (!port) throw new Error('this runs in a worker')
const { path, threads } = z
  .object({ path: z.string(), threads: z.number().int().positive().optional() })
  .parse(workerData)
const reply = (message: FromSession) => port.postMessage(message)
const refused = (error: unknown) =>
  error instanceof Failure ? { problem: error.problem } : { error: error instanceof Error ? error : String(error) }

try {
  const runtime = await loadOnnxRuntime()
  const model = await OnnxModel.read(path)
  const session = await openModelSession(runtime, model, { threads, yielding: true })
  port.on('message', async ({ id, tensor }: ToSession) => {
    const { data, shape } = tensor
    try {
      const image =
        data instanceof Uint8Array
          ? new runtime.Tensor('uint8', data, shape)
          : new runtime.Tensor('float32', data, shape)
      reply({ id, outputs: floatOutputs(await runSession(session, image, path), model) })
    } catch (error) {
      reply({ id, ...refused(error) })
    }
  })
  reply({ inputs: session.inputMetadata, outputs: session.outputMetadata })
} catch (error) {
  reply(refused(error))
}
