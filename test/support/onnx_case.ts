import { Tensor as OrtTensor } from 'onnxruntime-node'
import type { TensorType } from '../../compiler/graph/graph.js'
import type { Tensor } from '../../compiler/ops/support/tensor.js'
import { NodeCall } from '../../compiler/targets/onnx/call.js'
import { innerValues } from '../../compiler/targets/onnx/inner_values.js'
import type { OnnxProgram, OnnxValue } from '../../compiler/targets/onnx/program.js'
import { OnnxProgramBuilder } from '../../compiler/targets/onnx/program_builder.js'
import { caseParameter, type ReadyCase } from './cases.js'
import { rarelySupported, sessionOf } from './onnx_program.js'

/** Runs the nodes that the operation writes for ONNX, with a dynamic batch, on ONNX Runtime. */
export async function runOnnx(ready: ReadyCase, opset: number, portable = false): Promise<readonly Tensor[]> {
  const { onnx } = ready.operation.lowering
  if (onnx === 'training only') throw new Error(`${ready.operation.name} has no ONNX form`)
  const builder = new OnnxProgramBuilder(opset)
  const names = ready.inputs.map((_, index) => `input_${index}`)
  const outputs = onnx(
    new NodeCall(ready.node, ready.graph, builder, ({ node }) => names[node] ?? '', 'call', portable),
  )
  const lacked = portable ? rarelySupported(builder.nodes) : []
  if (lacked.length > 0) throw new Error(lacked.join(', '))
  const value = (name: string, { shape }: TensorType): OnnxValue => ({
    name,
    element: 'float',
    shape: shape.map(({ size }) => size ?? 'batch'),
  })
  const program: OnnxProgram = {
    name: ready.operation.name,
    opset,
    nodes: builder.nodes,
    constants: builder.constants,
    inputs: ready.inputs.map(({ type }, index) => value(names[index] ?? '', type)),
    outputs: outputs.map((name, index) => value(name, ready.outputs[index] ?? { element: 'float', shape: [] })),
    weights: new Map(
      ready.parameterSpecs.map(({ role, shape }) => {
        const values = Float32Array.from(ready.parameters.get(role)?.data ?? [])
        const name = caseParameter(role)
        return [name, { name, element: 'float', shape, read: async () => values }]
      }),
    ),
  }
  const inner = innerValues(program)
  const session = await sessionOf({ ...program, outputs: [...program.outputs, ...inner] })
  const feeds = Object.fromEntries(
    ready.inputs.map(({ value }, index) => [
      names[index] ?? '',
      new OrtTensor('float32', Float32Array.from(value.data), [...value.shape]),
    ]),
  )
  const results = await session.run(
    Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputNames.includes(name))),
  )
  checkShapes(inner, results)
  const tensors = outputs.map((name): Tensor => {
    const result = results[name]
    if (!result) throw new Error(`no output ${name}`)
    return { shape: result.dims, data: Float64Array.from(result.data as Float32Array) }
  })
  await session.release()
  return tensors
}

/** @throws Error if a shape differs from the one in the file, or two sizes have one symbol */
export function checkShapes(
  values: readonly OnnxValue[],
  results: Readonly<Record<string, { readonly dims: readonly number[] }>>,
): void {
  const sizes = new Map<string, number>()
  for (const { name, shape } of values) {
    const dims = results[name]?.dims ?? []
    const fits =
      dims.length === shape.length &&
      shape.every((size, axis) => {
        const real = dims[axis] ?? Number.NaN
        if (typeof size === 'number') return size === real
        const known = sizes.get(size) ?? real
        sizes.set(size, known)
        return known === real
      })
    if (!fits) throw new Error(`${name} has the shape [${dims.join()}], and the file says [${shape.join()}]`)
  }
}
