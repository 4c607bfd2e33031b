import { type OnnxInnerValue, type OnnxNode, type OnnxProgram, type OnnxValue, withBodies } from './program.js'

/** Fixed sizes of the input; the others are symbolic. */
export interface FixedSizes {
  /** Images in a batch. */
  readonly batch?: number | undefined
  /** Of the images, in pixels. */
  readonly height?: number | undefined
  readonly width?: number | undefined
}

/** Returns the program with numbers in place of the symbols of its input's sizes. */
export function withFixedSizes(program: OnnxProgram, sizes: FixedSizes): OnnxProgram {
  const numbers = new Map(Object.entries(sizes))
  const fixed = (shape: readonly (number | string)[]) =>
    shape.map((size) => (typeof size === 'string' ? (numbers.get(size) ?? size) : size))
  const value = (one: OnnxValue): OnnxValue => ({ ...one, shape: fixed(one.shape) })
  const inner = (one: OnnxInnerValue): OnnxInnerValue => ('shape' in one ? value(one) : one)
  const inBodies = (node: OnnxNode): OnnxNode =>
    withBodies(node, (body) => ({
      ...body,
      inputs: body.inputs.map(inner),
      outputs: body.outputs.map(inner),
      nodes: body.nodes.map(inBodies),
    }))
  return {
    ...program,
    inputs: program.inputs.map(value),
    outputs: program.outputs.map(value),
    nodes: program.nodes.map(inBodies),
    ...(program.shapes && { shapes: new Map([...program.shapes].map(([name, shape]) => [name, fixed(shape)])) }),
    ...(program.values && { values: program.values.map(value) }),
  }
}
