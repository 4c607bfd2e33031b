import type { Signature } from '../../compiler/graph/signature.js'
import { labelColumns } from './label_inputs.js'
import type { OpenOptions } from './open.js'

/** The properties of a model that determine how images are read. */
export interface KnownLabels {
  readonly seed: number
  readonly classes: readonly string[]
  /** The share of train that was held out, where it is not the usual one. */
  readonly holdOut?: number | undefined
  /** The names of classes and labels by label input. */
  readonly labelNames?: Readonly<Record<string, readonly string[]>> | undefined
}

/** Returns how the images of a model are opened: by their classes, or with the columns of its label inputs. */
export function dataOptions(
  { seed, classes, labelNames, holdOut }: KnownLabels,
  signature: Signature | undefined,
): OpenOptions {
  const labels = signature ? labelColumns(signature, labelNames ?? {}) : []
  const heldOut = holdOut === undefined ? { seed } : { seed, holdOut }
  return labels.length > 0 ? { ...heldOut, labels } : { ...heldOut, classes: [...classes] }
}
