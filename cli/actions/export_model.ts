import type { ModelSettings } from '../../compiler/analysis/model.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { Failure } from '../../runtime/failure.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { compileStored } from '../../runtime/specs/spec.js'
import { wantedBy } from '../../runtime/weights/begin.js'
import type { StoredTensor } from '../../runtime/weights/file.js'
import { loadWeights } from '../../runtime/weights/load.js'
import { weightsPath } from '../../runtime/weights/resolve.js'
import type { Io } from '../io.js'
import { type ReadySpec, readySpec, requireGraph } from './spec.js'

export interface ExportRequest {
  readonly out: string
  readonly weights?: string
  readonly seed: number
  readonly precision: 'fp32' | 'fp16'
  readonly input: 'image' | 'tensor'
  readonly set?: ModelSettings
}

/** A spec with its weights: what a run holds, or a file with weights given beside it. */
export interface WeightedSpec {
  readonly spec: ReadySpec
  readonly classes: readonly string[] | undefined
  readonly weights: { readonly tensors: ReadonlyMap<string, StoredTensor>; readonly path: string } | undefined
}

export async function openWeighted(
  source: string,
  { weights, set }: Pick<ExportRequest, 'weights' | 'set'>,
  io: Io,
): Promise<WeightedSpec> {
  if (!RunFolder.exists(source)) {
    const spec = readySpec(source, set ?? {}, io)
    return { spec, classes: undefined, weights: weights === undefined ? undefined : await complete(spec, weights, io) }
  }
  const run = await RunFolder.open(source)
  const spec = requireGraph(compileStored(run.info.spec), source, io)
  return { spec, classes: run.info.classes, weights: await complete(spec, weights ?? run.weightsPath(), io) }
}

/** Every weight that answers need; nothing may begin anew here. */
async function complete({ graph }: ReadySpec, source: string, io: Io) {
  const path = await weightsPath(source, undefined, io.reporter)
  const { tensors } = await loadWeights(wantedBy(graph), { path, name: source, complete: true })
  return { tensors, path }
}

export async function exportModel(source: string, request: ExportRequest, io: Io): Promise<number> {
  if (request.precision === 'fp16')
    throw new Failure({
      code: 'precision-missing',
      message: 'this version writes fp32 only',
      help: 'leave out --precision fp16',
      exit: 2,
    })
  const { spec, classes, weights } = await openWeighted(source, request, io)
  const exported = await exportOnnx({
    graph: spec.graph,
    stored: spec.stored,
    classes,
    path: request.out,
    input: request.input,
    weights: weights ?? { seed: request.seed },
  })
  const how = weights ? '' : `, random weights from seed ${request.seed}`
  io.print(`wrote ${request.out}: ${(exported.bytes / 1e6).toFixed(1)} MB${how}`)
  io.json({
    ok: true,
    path: request.out,
    bytes: exported.bytes,
    weights: weights?.path ?? null,
    seed: weights ? null : request.seed,
  })
  return 0
}
