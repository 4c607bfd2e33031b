/** The middle part of an image that a model sees, along each side: where it begins and how much it is, as shares of the image. */
export interface View {
  readonly offset: number
  readonly share: number
}

/** A step on images, as far as it matters here. */
interface SizedStep {
  readonly name: string
  readonly arguments: { readonly size?: unknown }
}

export const wholeImage: View = { offset: 0, share: 1 }

/** The part of an image that the input's steps keep: all of it, except what `center_crop` removes after a resize. */
export function viewOf(steps: readonly SizedStep[]): View {
  let view = wholeImage
  let before: number | undefined
  for (const { name, arguments: given } of steps) {
    const { size } = given
    if (typeof size !== 'number') continue
    if (name === 'center_crop' && before !== undefined) {
      const start = Math.floor((before - size) / 2) / before
      view = { offset: view.offset + view.share * start, share: (view.share * size) / before }
    }
    before = size
  }
  return view
}

/** A place in the view as a place in the image, in single precision as an exported file computes it. */
export function inImage(place: number, { offset, share }: View): number {
  return Math.fround(Math.fround(place * Math.fround(share)) + Math.fround(offset))
}
