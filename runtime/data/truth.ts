import type { Box, RgbImage } from '../images/rgb_image.js'

/** A part of the object that is seen in the image. */
export interface Point {
  readonly name: string
  readonly y: number
  readonly x: number
}

/** Places in an image, all in fractions of its height and width as it is shown. */
export interface Places {
  /** Around the object. */
  readonly box?: Box
  /** Around the part that tells its class. */
  readonly part?: Box
  readonly points?: readonly Point[]
}

/**
 * Where the object truly is, as a data set gives it. Localisation is measured by it; no model ever sees it.
 *
 * The unit says what the numbers count: fractions or pixels of the image as it is shown (turned as its EXIF says), or pixels as they
 * are stored, which is what MATLAB counted when the benchmarks were made.
 */
export interface Truth extends Places {
  readonly unit: 'fractions' | 'pixels' | 'stored pixels'
}

/** For each EXIF orientation, a stored point in fractions to where it is shown. */
const turns: readonly ((x: number, y: number) => readonly [x: number, y: number])[] = [
  (x, y) => [x, y],
  (x, y) => [1 - x, y],
  (x, y) => [1 - x, 1 - y],
  (x, y) => [x, 1 - y],
  (x, y) => [y, x],
  (x, y) => [1 - y, x],
  (x, y) => [1 - y, 1 - x],
  (x, y) => [y, 1 - x],
]

/** The places on a decoded image: in fractions, turned with it, nothing outside of it. */
export function placesOn(truth: Truth | undefined, image: Omit<RgbImage, 'data'>): Places | undefined {
  if (!truth || truth.unit === 'fractions') return truth
  const { orientation = 1, whole = image } = image
  const stored = truth.unit === 'stored pixels'
  const onSide = stored && orientation > 4
  const [width, height] = onSide ? [whole.height, whole.width] : [whole.width, whole.height]
  const turn = (stored && turns[orientation - 1]) || ((x: number, y: number) => [x, y] as const)
  const point = (x: number, y: number) => turn(share(x, width), share(y, height))
  const box = ({ x1, y1, x2, y2 }: Box): Box => {
    const [ax, ay] = point(x1, y1)
    const [bx, by] = point(x2, y2)
    return { y1: Math.min(ay, by), x1: Math.min(ax, bx), y2: Math.max(ay, by), x2: Math.max(ax, bx) }
  }
  return {
    ...(truth.box && { box: box(truth.box) }),
    ...(truth.part && { part: box(truth.part) }),
    ...(truth.points && {
      points: truth.points.map(({ name, x, y }) => {
        const [shownX, shownY] = point(x, y)
        return { name, y: shownY, x: shownX }
      }),
    }),
  }
}

function share(value: number, of: number): number {
  return Math.min(1, Math.max(0, value / of))
}
