import type { Box, RgbImage } from '../images/rgb_image.js'

/** A visible part of the object. */
export interface Point {
  readonly name: string
  readonly y: number
  readonly x: number
}

/** Annotations of one image, as fractions of the displayed image. */
export interface Annotations {
  /** The bounding box of the object. */
  readonly box?: Box
  /** The bounding box of the part that distinguishes its class. */
  readonly part?: Box
  readonly points?: readonly Point[]
}

/**
 * The annotations that a data set gives, by which localisation is measured. No model receives them.
 *
 * Coordinates are fractions or pixels of the displayed image (after its EXIF orientation), or pixels of the stored image, as in the benchmarks that
 * were annotated in MATLAB.
 */
export interface GroundTruth extends Annotations {
  readonly unit: 'fractions' | 'pixels' | 'stored pixels'
}

/** For each EXIF orientation, maps a point of the stored image, in fractions, to the displayed image. */
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

/** Returns the annotations as fractions of the decoded image: oriented as it is, and clipped to it. */
export function annotationsOn(truth: GroundTruth | undefined, image: Omit<RgbImage, 'data'>): Annotations | undefined {
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
