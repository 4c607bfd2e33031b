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

/** The rectangle that two rectangles share; undefined if they are apart. */
export function intersection(a: Area, b: Area): Area | undefined {
  const along = (axis: 'x' | 'y', size: 'width' | 'height') => ({
    low: Math.max(a[axis] - a[size] / 2, b[axis] - b[size] / 2),
    high: Math.min(a[axis] + a[size] / 2, b[axis] + b[size] / 2),
  })
  const [x, y] = [along('x', 'width'), along('y', 'height')]
  if (x.low >= x.high || y.low >= y.high) return undefined
  return { x: (x.low + x.high) / 2, y: (y.low + y.high) / 2, width: x.high - x.low, height: y.high - y.low }
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
  // The Bernstein polynomials of degree 3. Layouts evaluate many points, so they are computed once for both axes.
  const a = rest ** 3
  const b = 3 * rest ** 2 * share
  const c = 3 * rest * share ** 2
  const d = share ** 3
  return {
    x: a * from.x + b * first.x + c * second.x + d * to.x,
    y: a * from.y + b * first.y + c * second.y + d * to.y,
  }
}
