import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'

type Inputs = Readonly<Record<string, Tensor>>
type Attributes = Readonly<Record<string, unknown>>

/** Computes a kernel of TensorFlow.js from other operations. Intermediate tensors are disposed of. */
export type Composite = (inputs: Inputs, attributes: Attributes) => Tensor

/** Adds a kernel to the WebAssembly backend or replaces one. `original` runs the replaced kernel. */
export function replaceKernel(
  kernelName: string,
  compute: (inputs: Inputs, attributes: Attributes, original: Composite) => Tensor,
): void {
  const replaced = tf.getKernel(kernelName, 'wasm')
  const original: Composite = (inputs, attributes) => {
    if (replaced === undefined) throw new Error(`the WebAssembly backend has no kernel ${kernelName}`)
    const outputs = replaced.kernelFunc({
      inputs: { ...inputs },
      attrs: attributes as tf.NamedAttrMap,
      backend: tf.backend(),
    })
    return asTensor(Array.isArray(outputs) ? outputs[0] : outputs)
  }
  if (replaced !== undefined) tf.unregisterKernel(kernelName, 'wasm')
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    // TensorFlow.js passes tensors, although the type is TensorInfo.
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => compute(inputs as unknown as Inputs, (attrs ?? {}) as Attributes, original)),
  })
}

function asTensor(info: TensorInfo | undefined): Tensor {
  if (info === undefined) throw new Error('a kernel returned no output')
  return tf.engine().makeTensorFromTensorInfo(info)
}

/** Returns an input by name. @throws Error if it is missing */
export function need(inputs: Inputs, name: string): Tensor {
  const tensor = inputs[name]
  if (tensor === undefined) throw new Error(`input ${name} is missing`)
  return tensor
}
