import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'

type Inputs = Readonly<Record<string, Tensor>>
type Attributes = Readonly<Record<string, unknown>>

/** Computes a kernel of TensorFlow.js from other operations; what it makes on the way is freed. */
export type Composite = (inputs: Inputs, attributes: Attributes) => Tensor

/** Gives the WebAssembly backend a kernel it lacks, or a better one than it has. `own` runs the one it had. */
export function replaceKernel(
  kernelName: string,
  compute: (inputs: Inputs, attributes: Attributes, own: Composite) => Tensor,
): void {
  const had = tf.getKernel(kernelName, 'wasm')
  const own: Composite = (inputs, attributes) => {
    if (had === undefined) throw new Error(`WebAssembly never had a kernel ${kernelName}`)
    const made = had.kernelFunc({ inputs: { ...inputs }, attrs: attributes as tf.NamedAttrMap, backend: tf.backend() })
    return asTensor(Array.isArray(made) ? made[0] : made)
  }
  if (had !== undefined) tf.unregisterKernel(kernelName, 'wasm')
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    // TensorFlow.js gives the tensors themselves; its type promises only what they hold.
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => compute(inputs as unknown as Inputs, (attrs ?? {}) as Attributes, own)),
  })
}

function asTensor(info: TensorInfo | undefined): Tensor {
  if (info === undefined) throw new Error('a kernel gave nothing')
  return tf.engine().makeTensorFromTensorInfo(info)
}

/** An input by its name; a kernel is always given those of its definition. */
export function need(inputs: Inputs, name: string): Tensor {
  const tensor = inputs[name]
  if (tensor === undefined) throw new Error(`input ${name} is missing`)
  return tensor
}
