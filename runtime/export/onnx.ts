import { createHash } from 'node:crypto'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { writeAtomically } from '../files.js'
import { packageVersion } from '../package-root.js'
import type { StoredSpec } from '../specs/stored.js'
import type { StoredTensor } from '../weights/file.js'
import { initialValues } from '../weights/initialize.js'
import { checkFit } from '../weights/store.js'

export interface ExportRequest {
  /** The model's whole graph; the inference graph is made from it. */
  readonly graph: Graph
  readonly stored: StoredSpec
  /** In the order of the logits; numbered when nobody named them. */
  readonly classes: readonly string[] | undefined
  readonly path: string
  readonly input: 'image' | 'tensor'
  /** Of a checkpoint, or random ones from a seed. */
  readonly weights:
    | { readonly tensors: ReadonlyMap<string, StoredTensor>; readonly path: string }
    | { readonly seed: number }
}

export interface Exported {
  readonly bytes: number
  readonly nodes: number
}

/** Writes the whole method as one ONNX file. @throws Failure `weights-do-not-fit` */
export async function exportOnnx({ graph, stored, classes, path, input, weights }: ExportRequest): Promise<Exported> {
  const inference = specialise(graph, 'inference')
  if ('tensors' in weights) checkFit([...inference.parameters.values()], weights.tensors, weights.path)
  const count = graph.label?.classes ?? 0
  const specText = JSON.stringify(stored)
  const pieces = emitOnnx(inference, {
    input,
    version: packageVersion(),
    weights: (parameter) =>
      'tensors' in weights
        ? (weights.tensors.get(parameter.name)?.values ?? new Float32Array())
        : initialValues(parameter, weights.seed),
    metadata: {
      wsban: packageVersion(),
      classes: JSON.stringify(classes ?? Array.from({ length: count }, (_, index) => `class ${index}`)),
      input,
      size: String(graph.image.height),
      steps: JSON.stringify(graph.image.steps),
      spec: specText,
      spec_sha256: createHash('sha256').update(specText).digest('hex'),
      weights: 'tensors' in weights ? 'trained' : `random, seed ${weights.seed}`,
    },
  })
  await writeAtomically(path, pieces)
  return { bytes: pieces.reduce((sum, piece) => sum + piece.length, 0), nodes: inference.nodes.length }
}
