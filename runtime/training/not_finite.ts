import { Failure } from '../failure.js'

export type NotFiniteCause =
  | { readonly loss: string; readonly value: number; readonly step: number }
  /** Parameters whose gradients are not finite, from the loss back; none where only their norm is too large for a number. */
  | { readonly gradients: readonly string[]; readonly step: number }

/** A loss or a gradient that is no finite number. The weights have not moved. */
export class NotFinite extends Failure {
  constructor(
    readonly found: NotFiniteCause,
    /** Where it began, if that is known. */
    place?: string,
  ) {
    super({
      code: 'loss-not-finite',
      message: place ? `${whatOf(found)}; ${place}` : whatOf(found),
      help: 'lower the learning rate (--train optimizer.rate=...), to a tenth for example, or clip the gradients (--train clip=1)',
    })
  }
}

function whatOf(found: NotFiniteCause): string {
  const when = `at step ${found.step + 1}`
  if ('loss' in found) return `loss ${found.loss} is ${found.value} ${when}`
  const [first, ...rest] = found.gradients
  if (first === undefined) return `the gradients are too large for a number ${when}`
  return `the gradient of ${first} is not finite ${when}${rest.length > 0 ? `, nor are ${rest.length} more` : ''}`
}
