import { Tensor as OrtTensor } from 'onnxruntime-node'
import type { Graph } from '../../../compiler/graph/graph.js'
import { Random } from '../../../compiler/random.js'
import { emitOnnx } from '../../../compiler/targets/onnx/emit.js'
import { withFunctions } from '../../../compiler/targets/onnx/functions.js'
import { opsets } from '../../../compiler/targets/onnx/opsets.js'
import { fusePasses } from '../../../compiler/targets/onnx/passes/fuse_passes.js'
import { toHalfPrecision } from '../../../compiler/targets/onnx/passes/half_precision.js'
import { passes } from '../../../compiler/targets/onnx/passes/index.js'
import type { OnnxProgram } from '../../../compiler/targets/onnx/program.js'
import { withSkipping } from '../../../compiler/targets/onnx/skip_second.js'
import { lowPrecision } from '../../../runtime/export/low_precision.js'
import { sessionOf } from '../../support/onnx_program.js'
import type { ReferenceInputs, Tensors } from './reference.js'

/** One way to write a model as an ONNX file. */
export interface Variant {
  readonly opset: number
  readonly passes: readonly string[]
  readonly fused: boolean
  readonly functions: boolean
  readonly half: boolean
  /** Without Loop, If, GridSample and Resize; not fused, and without functions. */
  readonly portable: boolean
}

export function randomVariant(random: Random, half: boolean): Variant {
  const chance = () => random.uniform() < 0.5
  return {
    opset: opsets[random.integer(opsets.length)] ?? 18,
    passes: passes.flatMap(({ name }) => (random.uniform() < 0.7 ? [name] : [])),
    ...(random.uniform() < 0.3
      ? { portable: true, fused: false, functions: false }
      : { portable: false, fused: chance(), functions: chance() }),
    half,
  }
}

/** The sum of the declared tolerances of a variant's passes, relative to the largest output. */
export function toleranceOf(variant: Variant): number {
  return passes.reduce((sum, { name, tolerance }) => sum + (variant.passes.includes(name) ? tolerance : 0), 0)
}

export function textOf({ opset, passes: chosen, fused, functions, half, portable }: Variant): string {
  const parts = [`opset ${opset}`, ...chosen, ...(fused ? ['fuse-passes'] : []), ...(functions ? ['functions'] : [])]
  return [...parts, ...(portable ? ['portable'] : []), ...(half ? ['fp16'] : [])].join(', ')
}

function programOf(graph: Graph, inputs: ReferenceInputs, variant: Variant, input: 'image' | 'tensor'): OnnxProgram {
  const written = emitOnnx(graph, {
    input,
    opset: variant.opset,
    portable: variant.portable,
    weights: ({ name }) => Float32Array.from(inputs.parameters.get(name)?.data ?? []),
  })
  const optimised = passes
    .filter(({ name }) => variant.passes.includes(name))
    .reduce((program, pass) => pass.run(program), written)
  const precise = variant.half ? toHalfPrecision(optimised, lowPrecision(graph)) : optimised
  const fused = variant.fused ? fusePasses(precise, graph) : precise
  const skipping = variant.portable ? fused : withSkipping(fused, graph)
  return variant.functions ? withFunctions(skipping, graph) : skipping
}

/** Runs an inference graph in ONNX Runtime on normalised tensors. */
export async function runOnnx(graph: Graph, inputs: ReferenceInputs, variant: Variant): Promise<Tensors> {
  const session = await sessionOf(programOf(graph, inputs, variant, 'tensor'))
  try {
    const image = new OrtTensor('float32', Float32Array.from(inputs.image.data), [...inputs.image.shape])
    const results = await session.run({ [graph.image.name]: image })
    return new Map(
      Object.entries(results).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: Float64Array.from(data as Float32Array) },
      ]),
    )
  } finally {
    await session.release()
  }
}

/** Runs the exported file, with its preprocessing, on images of noise; throws what ONNX Runtime throws. */
export async function runOnImages(graph: Graph, inputs: ReferenceInputs, variant: Variant): Promise<void> {
  const session = await sessionOf(programOf(graph, inputs, variant, 'image'))
  try {
    const random = new Random(7)
    const pixels = Uint8Array.from({ length: 2 * 11 * 14 * 3 }, () => random.integer(256))
    await session.run({ [graph.image.name]: new OrtTensor('uint8', pixels, [2, 11, 14, 3]) })
  } finally {
    await session.release()
  }
}
