import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { Tensor } from '../../compiler/ops/support/tensor.js'
import { NodeCall } from '../../compiler/targets/onnx/call.js'
import { encodeModel } from '../../compiler/targets/onnx/encode.js'
import { bytesOf, OnnxGraphBuilder, valueInfo } from '../../compiler/targets/onnx/graph_builder.js'
import type { ReadyCase } from './cases.js'

/** Runs the nodes that the operation writes for ONNX, with a dynamic batch, on ONNX Runtime. */
export async function runOnnx(ready: ReadyCase): Promise<readonly Tensor[]> {
  const { onnx } = ready.operation
  if (onnx === 'training only') throw new Error(`${ready.operation.name} has no ONNX form`)
  const builder = new OnnxGraphBuilder()
  const names = ready.inputs.map((_, index) => `input_${index}`)
  const outputs = onnx(new NodeCall(ready.node, ready.graph, builder, ({ node }) => names[node] ?? ''))
  const pieces = encodeModel({
    irVersion: 8,
    opset: 18,
    producer: 'test',
    version: '0',
    metadata: {},
    graph: {
      name: ready.operation.name,
      node: builder.nodes,
      initializer: builder.constants,
      input: ready.inputs.map(({ type }, index) =>
        valueInfo(
          names[index] ?? '',
          'float',
          type.shape.map(({ size }) => size ?? 'batch'),
        ),
      ),
      output: outputs.map((name, index) =>
        valueInfo(
          name,
          'float',
          (ready.outputs[index]?.shape ?? []).map(({ size }) => size ?? 'batch'),
        ),
      ),
    },
    weights: ready.parameterSpecs.map(({ role, shape }) => ({
      name: `call.${role}`,
      shape,
      bytes: bytesOf(Float32Array.from(ready.parameters.get(role)?.data ?? [])),
    })),
  })
  const session = await InferenceSession.create(Buffer.concat(pieces), { logSeverityLevel: 3 })
  const feeds = Object.fromEntries(
    ready.inputs.map(({ value }, index) => [
      names[index] ?? '',
      new OrtTensor('float32', Float32Array.from(value.data), [...value.shape]),
    ]),
  )
  const results = await session.run(
    Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputNames.includes(name))),
  )
  const tensors = outputs.map((name): Tensor => {
    const result = results[name]
    if (!result) throw new Error(`no output ${name}`)
    return { shape: result.dims, data: Float64Array.from(result.data as Float32Array) }
  })
  await session.release()
  return tensors
}
