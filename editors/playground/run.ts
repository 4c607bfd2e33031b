import { env, InferenceSession } from 'onnxruntime-web/wasm'
import { ask, bytesOf } from '../../runtime/page/answer.js'
import { provide } from './parts.js'

/** ONNX Runtime's WebAssembly, in base64; the build puts it there. */
declare const wsbanRuntime: string

let ready = false

provide({
  run: {
    async answer(model, image) {
      // One thread: more need headers that only a server can send.
      env.wasm.numThreads = 1
      if (!ready) env.wasm.wasmBinary = await bytesOf(wsbanRuntime)
      ready = true
      const session = await InferenceSession.create(model, { executionProviders: ['wasm'] })
      try {
        return await ask(session, image)
      } finally {
        await session.release()
      }
    },
  },
})
