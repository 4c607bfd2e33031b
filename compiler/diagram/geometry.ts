export interface Point {
  readonly x: number
  readonly y: number
}

/** A rectangle by its middle. */
export interface Area extends Point {
  readonly width: number
  readonly height: number
}

/** A rectangle with rounded corners of a radius. */
export interface RoundedArea extends Area {
  readonly corner: number
}

/** A cubic Bezier curve. */
export interface Curve {
  readonly from: Point
  readonly controls: readonly [Point, Point]
  readonly to: Point
}

/** The point of a curve at a share of its parameter, from 0 to 1. */
export function pointAt({ from, controls: [first, second], to }: Curve, share: number): Point {
  const rest = 1 - share
  const along = (axis: 'x' | 'y') =>
    rest ** 3 * from[axis] +
    3 * rest ** 2 * share * first[axis] +
    3 * rest * share ** 2 * second[axis] +
    share ** 3 * to[axis]
  return { x: along('x'), y: along('y') }
}
