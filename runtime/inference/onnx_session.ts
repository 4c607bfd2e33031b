import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { Failure, reasonOf } from '../failure.js'
import type { OnnxRuntime } from '../onnxruntime/load.js'
import type { Outputs } from './answer.js'
import { notExported, type OnnxModel } from './onnx_model.js'

/** ONNX Runtime writes its log to standard error directly, with unescaped names from the file. Its errors are also thrown, and then shown safely. */
export const sessionOptions = { logSeverityLevel: 4 } as const

export interface SessionThreads {
  /** Threads of one operator; by default the number of cores. */
  readonly threads?: number | undefined
  /** For a process with other work: threads that wait for the next operator yield their core instead of spinning. */
  readonly yielding?: boolean
}

/**
 * @param model a path, or a file's bytes
 * @throws Failure `onnx-unreadable` for a file that ONNX Runtime refuses
 */
export async function openSession(
  runtime: typeof OnnxRuntime,
  model: string | Uint8Array,
  path: string,
  { threads, yielding = false }: SessionThreads = {},
): Promise<InferenceSession> {
  const options = {
    ...sessionOptions,
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    ...(yielding && { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
  }
  try {
    return await (typeof model === 'string'
      ? runtime.InferenceSession.create(model, options)
      : runtime.InferenceSession.create(model, options))
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

/** Opens an exported file. @throws Failure `onnx-unreadable`, `onnx-foreign` for one without the input of wsban's files */
export async function openModelSession(
  runtime: typeof OnnxRuntime,
  { path }: Pick<OnnxModel, 'path'>,
  threads: SessionThreads = {},
): Promise<InferenceSession> {
  const session = await openSession(runtime, path, path, threads)
  if (session.inputNames.includes('image')) return session
  await session.release()
  throw notExported(path)
}

/** @throws Failure `onnx-failed` if an operation fails, as in a damaged file */
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

/** Returns outputs by name. @throws Failure `onnx-foreign` for one that is not of single precision */
export function floatOutputs(results: InferenceSession.OnnxValueMapType, model: OnnxModel): Outputs {
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims, type }]) => {
      if (!(data instanceof Float32Array)) throw model.foreign(`its output ${name} is of type ${type}`)
      return [name, { values: data, shape: dims }]
    }),
  )
}
