import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { Failure, reasonOf } from '../failure.js'
import type { OnnxRuntime } from '../onnxruntime/load.js'

/** ONNX Runtime writes what it logs to standard error itself, with names from the file. Its errors are thrown as well, and shown safely. */
export const sessionOptions = { logSeverityLevel: 4 } as const

/** @param model a path, or a file's bytes. @throws Failure `onnx-unreadable` for a file that ONNX Runtime refuses */
export async function openSession(
  runtime: typeof OnnxRuntime,
  model: string | Uint8Array,
  path: string,
): Promise<InferenceSession> {
  try {
    return await (typeof model === 'string'
      ? runtime.InferenceSession.create(model, sessionOptions)
      : runtime.InferenceSession.create(model, sessionOptions))
  } catch (error) {
    throw new Failure(
      {
        code: 'onnx-unreadable',
        message: `${path} cannot be run: ${reasonOf(error)}`,
        help: 'the ONNX file may be incomplete; export it again',
        path,
      },
      { cause: error },
    )
  }
}

/** @throws Failure `onnx-failed` where an operation of the file fails, as in one that is damaged */
export async function runSession(
  session: InferenceSession,
  image: Tensor,
  path: string,
  outputs?: readonly string[],
): Promise<InferenceSession.OnnxValueMapType> {
  try {
    return await (outputs ? session.run({ image }, [...outputs]) : session.run({ image }))
  } catch (error) {
    throw new Failure(
      {
        code: 'onnx-failed',
        message: `${path} fails at run time: ${reasonOf(error)}`,
        help: 'the file may be damaged: export it again',
        path,
      },
      { cause: error },
    )
  }
}
