import type Sharp from 'sharp'

let loaded: Promise<typeof Sharp> | undefined

/** sharp, loaded when the first picture is: it costs a tenth of a second that `wsban check` need not pay. */
export function loadSharp(): Promise<typeof Sharp> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    // Pictures are decoded side by side, so threads inside one decode only get in the way; and no operation is ever repeated.
    sharp.concurrency(1)
    sharp.cache(false)
    return sharp
  })
  return loaded
}
