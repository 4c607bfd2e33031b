import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportOnnx } from '../../../runtime/export/onnx.js'
import { readOnnxMetadata } from '../../../runtime/inference/onnx_metadata.js'
import { compileStored, compileText } from '../../../runtime/specs/spec.js'
import { storedSpec } from '../../../runtime/specs/stored_schema.js'
import { openWeights } from '../../../runtime/weights/load.js'
import type { Subject } from './subject.js'

/** These passes change the values of parameters, so that weights cannot be read back from the file. */
const without = ['fold-batch-norm', 'fold-scales']

/** Checks that exporting the spec and weights of an exported file gives the same file, byte for byte. @returns the difference */
export async function exportProblem(text: string, { inputs, inference }: Subject): Promise<string | undefined> {
  const { graph, stored } = compileText('fuzz.wsban', text)
  if (!graph) throw new Error('the spec does not compile from a file')
  const folder = mkdtempSync(join(tmpdir(), 'wsban-fuzz-'))
  const [once, twice] = [join(folder, 'once.onnx'), join(folder, 'twice.onnx')]
  const request = { classes: undefined, input: 'image', without, unchecked: true } as const
  try {
    const read = async (name: string) => {
      const value = inputs.parameters.get(name)
      if (!value) throw new Error(`no parameter ${name}`)
      return { shape: value.shape, values: Float32Array.from(value.data) }
    }
    await exportOnnx({ ...request, graph, stored, path: once, weights: { read } })
    const { spec = '' } = await readOnnxMetadata(once)
    const kept = compileStored(storedSpec.parse(JSON.parse(spec)))
    if (!kept.graph) return 'the spec in the file does not compile'
    // Weights of a value of which only the shape is used are not in the file; a required weight that is missing throws where it is read.
    const weights = await openWeights([...inference.parameters.values()], { path: once, partial: true })
    try {
      await exportOnnx({ ...request, graph: kept.graph, stored: kept.stored, path: twice, weights })
    } finally {
      await weights.close()
    }
    return readFileSync(once).equals(readFileSync(twice)) ? undefined : 'exported again, the file is another one'
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
