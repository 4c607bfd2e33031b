import { InferenceSession } from 'onnxruntime-node'
import { encodeModel } from '../../compiler/targets/onnx/encode.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'

/** A program's file, in memory. */
export async function bytesOf(program: OnnxProgram, metadata: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const model = encodeModel({ program, producer: 'test', version: '0', metadata })
  for await (const piece of model.pieces()) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** On one thread: starting others takes longer than a small program runs. */
export async function sessionOf(program: OnnxProgram): Promise<InferenceSession> {
  return InferenceSession.create(await bytesOf(program), { logSeverityLevel: 3, intraOpNumThreads: 1 })
}
