import * as z from 'zod'
import { Failure } from '../failure.js'

/** The element types of the inputs and outputs of exported files, by the names of the Open Inference Protocol. */
export const elementBytes = { UINT8: 1, FP32: 4 } as const
export type DataType = keyof typeof elementBytes

/** An input or output of an exported file; -1 is a dimension of any size. The first dimension is the batch. */
export interface TensorDescription {
  readonly name: string
  readonly datatype: DataType
  readonly shape: readonly number[]
}

const described = z.array(
  z.object({
    name: z.string(),
    type: z.enum(['uint8', 'float32']),
    /** A symbol is a dimension of any size. */
    shape: z.array(z.union([z.number().int(), z.string()])),
  }),
)

/** Decodes ONNX Runtime's description of the inputs or outputs of a file. @throws Failure `onnxruntime-old` */
export function descriptions(metadata: unknown): readonly TensorDescription[] {
  const found = described.safeParse(metadata)
  if (!found.success)
    throw new Failure({
      code: 'onnxruntime-old',
      message: 'this ONNX Runtime does not describe the inputs and outputs of a file',
      help: 'install a newer one: npm install onnxruntime-node@latest',
    })
  return found.data.map(({ name, type, shape }) => ({
    name,
    datatype: type === 'uint8' ? 'UINT8' : 'FP32',
    shape: shape.map((size) => (typeof size === 'number' && size >= 0 ? size : -1)),
  }))
}
