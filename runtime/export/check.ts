import type { ImageInput } from '../../compiler/graph/graph.js'
import { Random } from '../../compiler/random.js'
import type { FixedSizes } from '../../compiler/targets/onnx/fixed_sizes.js'
import { Failure, reasonOf } from '../failure.js'
import { sessionOptions } from '../inference/onnx_session.js'
import type { OnnxRuntime } from '../onnxruntime/load.js'

export interface CheckedFile {
  readonly input: 'image' | 'tensor'
  readonly image: ImageInput
  /** Sizes of its input that are fixed. */
  readonly sizes: FixedSizes | undefined
  /** The number of the file's nodes. */
  readonly nodes: number
}

/**
 * ONNX Runtime's time to open a file grows with the square of its nodes. Above this number the file is opened without the last level of graph
 * optimisation, which chooses memory layouts and takes most of that time: a quarter for a chain of 3,300 convolutions.
 */
const manyNodes = 2000

/**
 * Opens an exported file in ONNX Runtime and runs it once on an image of random noise.
 *
 * @throws Failure `export-refused` if ONNX Runtime rejects it
 */
export async function checkExport(path: string, file: CheckedFile, runtime: typeof OnnxRuntime): Promise<void> {
  try {
    const session = await runtime.InferenceSession.create(path, {
      ...sessionOptions,
      graphOptimizationLevel: file.nodes > manyNodes ? 'extended' : 'all',
    })
    try {
      await session.run({ [file.image.name]: noise(runtime, file) })
    } finally {
      await session.release()
    }
  } catch (error) {
    throw new Failure(
      {
        code: 'export-refused',
        message: `ONNX Runtime refuses the exported file: ${reasonOf(error)}`,
        help: 'nothing was written. This is a bug in wsban: please report it with the spec; --no-check writes the file regardless',
        path,
      },
      { cause: error },
    )
  }
}

function noise({ Tensor }: typeof OnnxRuntime, { input, image, sizes }: CheckedFile): OnnxRuntime.Tensor {
  const random = new Random(1)
  const { channels } = image
  const { batch = 1, height = image.height, width = image.width } = sizes ?? {}
  const count = batch * channels * height * width
  return input === 'image'
    ? new Tensor(
        'uint8',
        Uint8Array.from({ length: count }, () => random.integer(256)),
        [batch, height, width, channels],
      )
    : new Tensor(
        'float32',
        Float32Array.from({ length: count }, () => random.uniform(-1, 1)),
        [batch, channels, height, width],
      )
}
