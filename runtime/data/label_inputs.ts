import type { LabelKind } from '../../compiler/graph/graph.js'
import type { Signature } from '../../compiler/graph/signature.js'

/** The names of classes or labels by label input. */
export type LabelNames = Readonly<Record<string, readonly string[]>>

/** A label input whose column is read. */
export interface WantedLabel {
  readonly name: string
  readonly kind: LabelKind
  /** The names of its classes or labels in order, when a model already has them. */
  readonly names?: readonly string[]
}

/** A label input with what the data set has for it. */
export interface DataLabel {
  readonly name: string
  readonly kind: LabelKind
  /** The names of the classes or labels, in the order of a model's outputs; empty for values. */
  readonly names: readonly string[]
  /** The number of classes, labels or values. */
  readonly size: number
}

/** A class as an index, or a number for each label or value. */
export type Target = number | readonly number[]

/** Returns the targets of an image by label input. An image with a class only has it as its only target. */
export function targetsOf(
  { label, targets }: { readonly label: number; readonly targets?: Readonly<Record<string, Target>> },
  signature: Signature | undefined,
): Readonly<Record<string, Target>> {
  return targets ?? Object.fromEntries((signature?.labels ?? []).map(({ name }) => [name, label]))
}

/** Returns the label inputs of a model whose columns a list has to have; none if it is trained with a class only. */
export function labelColumns({ labels }: Signature, names: Readonly<Record<string, readonly string[]>>): WantedLabel[] {
  if (labels.length === 1 && labels[0]?.kind === 'Class') return []
  return labels.map(({ name, kind }) => {
    const known = names[name]
    return { name, kind, ...(kind !== 'Value' && known && { names: known }) }
  })
}

/** Returns the names of classes and labels by label input, of a data set for a model. */
export function labelNamesOf(
  { classes, labels }: { readonly classes: readonly string[]; readonly labels?: readonly DataLabel[] },
  signature: Signature,
): Record<string, readonly string[]> {
  if (labels) return Object.fromEntries(labels.map(({ name, names }) => [name, names]))
  return Object.fromEntries(signature.labels.map(({ name }) => [name, classes]))
}
