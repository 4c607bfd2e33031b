/** Images of one size, or normalised tensors; the first dimension is the batch. */
export interface InputTensor {
  readonly data: Uint8Array | Float32Array
  readonly shape: readonly number[]
}

/** Returns the tensors of one shape as a single batch, in their order. */
export function concatenated(tensors: readonly InputTensor[]): InputTensor {
  const [first] = tensors
  if (!first) throw new Error('a batch holds at least one tensor')
  const length = tensors.reduce((sum, { data }) => sum + data.length, 0)
  const data = first.data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)
  let offset = 0
  for (const tensor of tensors) {
    data.set(tensor.data, offset)
    offset += tensor.data.length
  }
  return { data, shape: [tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0), ...first.shape.slice(1)] }
}
