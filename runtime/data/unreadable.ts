import { Failure } from '../failure.js'

/** The default share of a split's images that may be unreadable. */
export const TOLERATED = 0.05

export function tooManyUnreadable(count: number, all: number, most: number): Failure {
  return new Failure({
    code: 'images-unreadable',
    message: `${count} of ${all} images cannot be read, more than ${Number((most * 100).toPrecision(6))} %`,
    help: 'the warnings above name them, and wsban data inspect DIR lists all; replace or remove them, or allow more with --max-unreadable',
  })
}
