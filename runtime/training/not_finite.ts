import { Failure } from '../failure.js'

export type NotFiniteCause =
  | { readonly loss: string; readonly value: number; readonly step: number }
  /** Parameters whose gradients are not finite, from the loss back; none where only their norm is too large for a number. */
  | { readonly gradients: readonly string[]; readonly step: number }

// runtime/pytorch/python/learner.py reports the same.
const atFirstStep =
  'no weight has moved yet, so the learning rate is not the cause: look in the spec for a value that overflows (exp), a division by zero, or the log or square root of 0; then at the initial weights and the data'
const later =
  'lower optimizer.rate, to a tenth for example, or clip the gradients with clip=1 (wsban train ... --train KEY=VALUE)'

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
      help: found.step === 0 ? atFirstStep : later,
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
