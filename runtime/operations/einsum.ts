import * as tf from '@tensorflow/tfjs-core'

interface Operand {
  /** Axes that are summed first. */
  readonly summed: readonly number[]
  /** The order of the remaining axes. */
  readonly order: readonly number[]
  /** The sizes for the product: batch, rows and columns, without the images. */
  readonly sizes: readonly number[]
}

/** Einsum of one or two tensors, by the compiler's plan for the equation. */
export function einsum<T extends tf.Tensor>(
  tensors: readonly tf.Tensor[],
  plan: {
    readonly operands: readonly Operand[]
    /** The sizes of the result before its axes are permuted. */
    readonly shape: readonly number[]
    readonly order: readonly number[]
    /** Whether the product sums; absent for one operand. */
    readonly contracts?: boolean
  },
): T {
  const [a, b] = plan.operands.map(({ summed, order }, index) => {
    const x = tensors[index] as tf.Tensor
    return ordered(summed.length > 0 ? tf.sum(x, [...summed]) : x, order)
  }) as [tf.Tensor, tf.Tensor | undefined]
  const images = a.shape[0] as number
  const left = plan.operands[0] as Operand
  const right = plan.operands[1]
  if (!b || !right) return ordered(a, plan.order) as T
  const product = plan.contracts
    ? tf.matMul(matrices(a, left, images), matrices(b, right, images))
    : tf.mul(matrices(a, left, images), matrices(b, right, images))
  return ordered(tf.reshape(product, [images, ...plan.shape]), plan.order) as T
}

/** [images x batch, rows, columns] */
function matrices(x: tf.Tensor, { sizes: [batch = 1, rows = 1, columns = 1] }: Operand, images: number): tf.Tensor3D {
  return tf.reshape<tf.Rank.R3>(x, [images * batch, rows, columns])
}

function ordered(x: tf.Tensor, order: readonly number[]): tf.Tensor {
  return order.every((axis, index) => axis === index) ? x : tf.transpose(x, [...order])
}
