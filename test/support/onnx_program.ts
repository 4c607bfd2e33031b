import { InferenceSession } from 'onnxruntime-node'
import { encodeModel } from '../../compiler/targets/onnx/encode.js'
import { bodiesOf, type OnnxNode, type OnnxProgram } from '../../compiler/targets/onnx/program.js'

/** A program's file, in memory. */
export async function bytesOf(program: OnnxProgram, metadata: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const model = encodeModel({ program, producer: 'test', version: '0', metadata })
  for await (const piece of model.pieces()) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** On one thread: starting more takes longer than a small program runs. */
export async function sessionOf(program: OnnxProgram): Promise<InferenceSession> {
  return InferenceSession.create(await bytesOf(program), { logSeverityLevel: 3, intraOpNumThreads: 1 })
}

/** Operators that OpenVINO, tract, WebGPU or converters lack or implement differently. */
const lackedOperators = new Set(['Loop', 'If', 'Scan', 'GridSample', 'Resize', 'ReduceSumSquare'])

/** The nodes, by name and operator, that a portable file may not have. */
export function rarelySupported(nodes: readonly OnnxNode[]): string[] {
  return nodes
    .filter((node) => lackedOperators.has(node.operator) || bodiesOf(node).length > 0)
    .map(({ name, operator }) => `${name} is a ${operator}`)
}
