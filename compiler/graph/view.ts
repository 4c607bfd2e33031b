/** The central part of an image that is the model's input, along each axis: its offset and size, as fractions of the image. */
export interface View {
  readonly offset: number
  readonly share: number
}

/** The properties of an image step that are needed here. */
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

/** Converts a position in the view to one in the image, in single precision as in an exported file. */
export function inImage(place: number, { offset, share }: View): number {
  return Math.fround(Math.fround(place * Math.fround(share)) + Math.fround(offset))
}
