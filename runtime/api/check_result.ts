import type { ModelSettings } from '../../compiler/analysis/model.js'
import { hasErrors } from '../../compiler/diagnostics/diagnostic.js'
import { type PlacedDiagnostic, placed } from '../../compiler/diagnostics/placed.js'
import { type Graph, typeOf, type ValueRef } from '../../compiler/graph/graph.js'
import { measure } from '../../compiler/graph/measure.js'
import type { CompiledSpec } from '../specs/compiled_spec.js'

export interface ModelSummary {
  readonly name: string
  /** The model's parameters as they were set. */
  readonly settings: ModelSettings
  /** The number of trainable parameters. */
  readonly parameters: number
  /** Of one image. */
  readonly multiplyAdds: number
  /** The outputs with their shapes; null is the batch. */
  readonly outputs: readonly { readonly name: string; readonly shape: readonly (number | null)[] }[]
}

export interface CheckResult {
  /** Whether there are no errors; warnings may be there. */
  readonly ok: boolean
  readonly diagnostics: readonly PlacedDiagnostic[]
  /** Without errors, and where the file has a model. */
  readonly model?: ModelSummary
}

export function checkResult({ graph, diagnostics, texts }: CompiledSpec): CheckResult {
  return {
    ok: !hasErrors(diagnostics),
    diagnostics: diagnostics.map((diagnostic) => placed(diagnostic, texts)),
    ...(graph && { model: summaryOf(graph) }),
  }
}

export function summaryOf(graph: Graph): ModelSummary {
  const { name, settings, predictions } = graph
  const shapeOf = (value: ValueRef) => typeOf(graph, value).shape.map(({ size }) => size ?? null)
  const outputs = predictions.map((prediction) => ({ name: prediction.name, shape: shapeOf(prediction.value) }))
  return { name, settings, ...measure(graph), outputs }
}
