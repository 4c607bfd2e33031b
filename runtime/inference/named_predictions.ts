import type { SignatureAnswer } from '../../compiler/graph/signature.js'
import { elementAt } from '../../grammar/present.js'
import { type Answer, argMax, type Predictor } from './answer.js'

/** A prediction for an image, by its meaning. */
export type NamedPrediction =
  | { readonly kind: 'classes'; readonly name: string; readonly probability: number }
  /** The labels with a probability of at least 0.5, and the probabilities of all. */
  | {
      readonly kind: 'labels'
      readonly names: readonly string[]
      readonly probabilities: Readonly<Record<string, number>>
    }
  | { readonly kind: 'values' | 'embedding' | 'tensor'; readonly values: readonly number[] }

/** Returns the predictions of a model by name; undefined if class probabilities are the only one. */
export function namedPredictions(
  { predictions }: Pick<Answer, 'predictions'>,
  { signature, labelNames }: Pick<Predictor, 'signature' | 'labelNames'>,
): Readonly<Record<string, NamedPrediction>> | undefined {
  if (!predictions || !signature) return undefined
  return Object.fromEntries(
    signature.answers.flatMap((answer): [string, NamedPrediction][] => {
      const row = predictions[answer.name]
      return row ? [[answer.name, named(answer, row, labelNames?.[answer.of ?? ''] ?? [])]] : []
    }),
  )
}

function named({ kind }: SignatureAnswer, row: Float32Array, names: readonly string[]): NamedPrediction {
  if (kind === 'classes') {
    const best = argMax(row)
    return { kind, name: elementAt(names, best), probability: elementAt(row, best) }
  }
  if (kind === 'labels')
    return {
      kind,
      names: names.filter((_, index) => elementAt(row, index) >= 0.5),
      probabilities: Object.fromEntries(names.map((name, index) => [name, elementAt(row, index)])),
    }
  return { kind: kind === 'values' || kind === 'embedding' ? kind : 'tensor', values: Array.from(row) }
}

/** `traits spots 91.2 %, stripes 60.0 %`, `length 12.3`; undefined for an embedding or a tensor. */
export function predictionText(name: string, prediction: NamedPrediction): string | undefined {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  switch (prediction.kind) {
    case 'classes':
      return `${name} ${prediction.name} ${percent(prediction.probability)}`
    case 'labels': {
      const found = prediction.names.map((label) => `${label} ${percent(prediction.probabilities[label] ?? 0)}`)
      return `${name} ${found.length > 0 ? found.join(', ') : 'none'}`
    }
    case 'values':
      return `${name} ${prediction.values.map((value) => Number(value.toPrecision(4))).join(', ')}`
    default:
      return undefined
  }
}
