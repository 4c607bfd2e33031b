import type { Graph, LabelKind, Meaning } from './graph.js'

/** A label input in the signature of a model. */
export interface SignatureLabel {
  readonly name: string
  readonly kind: LabelKind
  /** The number of classes, labels or values. */
  readonly size: number
}

/** An output of an exported file, and its meaning. */
export interface SignatureAnswer {
  readonly name: string
  readonly kind: Meaning['kind'] | 'logits'
  /** The label input that it belongs to. */
  readonly of?: string | undefined
}

/** The label inputs of a model, and its predictions. */
export interface Signature {
  readonly labels: readonly SignatureLabel[]
  /** Predictions, and the logits of branches; boxes and maps are identified by their names. */
  readonly answers: readonly SignatureAnswer[]
}

/** Returns the signature of a model; undefined for a classifier with one Class input whose only prediction are its probabilities. */
export function signatureOf({ labels, predictions, logits }: Graph): Signature | undefined {
  const [label, ...others] = labels
  const isPlain =
    label?.kind === 'Class' &&
    others.length === 0 &&
    predictions.length === 1 &&
    predictions[0]?.meaning.kind === 'classes' &&
    logits.every(({ of }) => of === label.name)
  if (isPlain) return undefined
  return {
    labels: labels.map(({ name, kind, size }) => ({ name, kind, size })),
    answers: [
      ...predictions.map(({ name, meaning }): SignatureAnswer => ({ name, ...meaning })),
      ...logits.map(
        ({ name, of }): SignatureAnswer => ({
          name: `logits/${name}`,
          kind: 'logits',
          ...(of !== undefined && { of }),
        }),
      ),
    ],
  }
}
