import { elementAt, present } from '../../grammar/present.js'
import { type Area, type Curve, type Point, pointAt, type RoundedArea } from './geometry.js'

/** An arrow between two boxes by the points that its line has to pass; it goes up only in a cycle of boxes. */
export interface Route {
  readonly from: string
  readonly to: string
  readonly points: readonly Point[]
  readonly label?: Area
}

/** Between arrows that leave or enter one box, in pixels. */
const portGap = 16
/** Between an arrow and a box that it passes. */
const clearance = 6
/** Arrows end straight for the length of their head. */
const head = 11

/**
 * The lines of arrows between boxes in ranks. Each meets its boxes at the top and the bottom, passes its points vertically and bends between the
 * ranks, late enough to pass no other box, and no label where that is possible.
 */
export function routed(
  routes: readonly Route[],
  boxes: ReadonlyMap<string, RoundedArea>,
): readonly (readonly Curve[])[] {
  const lines = downward(
    routes.map((route) => (goesUp(route) ? reversed(route) : route)),
    boxes,
    routes.map(goesUp),
  )
  return lines.map((curves, index) => (goesUp(elementAt(routes, index)) ? backwards(curves) : curves))
}

function goesUp({ points }: Route): boolean {
  return elementAt(points, 0).y > elementAt(points, points.length - 1).y
}

function reversed({ from, to, points, ...rest }: Route): Route {
  return { from: to, to: from, points: [...points].reverse(), ...rest }
}

function backwards(curves: readonly Curve[]): readonly Curve[] {
  return curves
    .map(({ from, controls: [first, second], to }): Curve => ({ from: to, controls: [second, first], to: from }))
    .reverse()
}

/** `heads`: whether a line has its head at its upper end. */
function downward(
  routes: readonly Route[],
  boxes: ReadonlyMap<string, RoundedArea>,
  heads: readonly boolean[],
): readonly (readonly Curve[])[] {
  const starts = ports(routes, boxes, 'from')
  const ends = ports(routes, boxes, 'to')
  const labels = routes.flatMap(({ label }) => label ?? [])
  const ranks = ranksOf([...boxes.values(), ...labels])
  return routes.map((route, index) => {
    const { from, to, points, label } = route
    const others = [...boxes].flatMap(([name, area]) => (name === from || name === to ? [] : area))
    const otherLabels = labels.filter((area) => area !== label)
    const [start, end] = [elementAt(starts, index), elementAt(ends, index)]
    const upper = { x: start.x, y: start.y + (heads[index] ? head : 0) }
    const lower = { x: end.x, y: end.y - (heads[index] ? 0 : head) }
    const waypoints = [
      { ...upper, rank: rankAt(ranks, present(boxes.get(from), from).y) },
      ...points.slice(1, -1).map((point) => ({ ...point, rank: rankAt(ranks, point.y) })),
      { ...lower, rank: rankAt(ranks, present(boxes.get(to), to).y) },
    ]
    const bends = waypoints.slice(1).flatMap((point, position) => {
      const before = elementAt(waypoints, position)
      const leaves = Math.max(before.y, before.rank.bottom)
      const arrives = Math.min(point.y, point.rank.top)
      const ways = [0, 0.25, 0.5, 0.75, 1].map((held) => bend(before, point, leaves, arrives, held))
      const free = ways.filter((way) => !passes(way, others))
      return free.find((way) => !passes(way, otherLabels)) ?? free[0] ?? elementAt(ways, ways.length - 1)
    })
    return [...straight(start, upper), ...bends, ...straight(lower, end)]
  })
}

interface Rank {
  readonly middle: number
  readonly top: number
  readonly bottom: number
}

/** Boxes and labels of one rank have their middles at one height. */
function ranksOf(areas: readonly Area[]): readonly Rank[] {
  const ranks: Rank[] = []
  for (const { y, height } of areas) {
    const index = ranks.findIndex(({ middle }) => Math.abs(middle - y) < 0.5)
    const { top, bottom } = ranks[index] ?? { top: y, bottom: y }
    const rank = { middle: y, top: Math.min(top, y - height / 2), bottom: Math.max(bottom, y + height / 2) }
    if (index === -1) ranks.push(rank)
    else ranks[index] = rank
  }
  return ranks
}

function rankAt(ranks: readonly Rank[], y: number): Rank {
  return ranks.find(({ middle }) => Math.abs(middle - y) < 0.5) ?? { middle: y, top: y, bottom: y }
}

/** Where the arrows meet their boxes: below or above the next point, beside each other. */
function ports(
  routes: readonly Route[],
  boxes: ReadonlyMap<string, RoundedArea>,
  end: 'from' | 'to',
): readonly Point[] {
  const found: Point[] = []
  for (const [name, { x, y, width, height, corner }] of boxes) {
    const here = routes
      .map(({ points }, index) => ({ index, x: elementAt(points, end === 'from' ? 1 : points.length - 2).x }))
      .filter(({ index }) => elementAt(routes, index)[end] === name)
      .sort((a, b) => a.x - b.x)
    const room = width / 2 - Math.max(corner, 2 * clearance)
    const places = spread(here, x - room, x + room)
    here.forEach(({ index }, position) => {
      found[index] = { x: elementAt(places, position), y: end === 'from' ? y + height / 2 : y - height / 2 }
    })
  }
  return found
}

/** The wanted places, moved into a range and apart from each other. */
function spread(wanted: readonly { readonly x: number }[], low: number, high: number): readonly number[] {
  const gap = Math.min(portGap, (high - low) / Math.max(1, wanted.length - 1))
  const places: number[] = []
  for (const { x } of wanted) {
    const before = places.at(-1)
    places.push(Math.min(high, Math.max(low, x, before === undefined ? low : before + gap)))
  }
  return places.map((place, index) => Math.min(place, high - (places.length - 1 - index) * gap))
}

/** A line that is straight for a share of its way through both ranks, and bends between them. */
function bend(from: Point, to: Point, leaves: number, arrives: number, held: number): readonly Curve[] {
  const start = { x: from.x, y: from.y + held * (leaves - from.y) }
  const end = { x: to.x, y: to.y - held * (to.y - arrives) }
  const middle = (start.y + end.y) / 2
  const curve: Curve = {
    from: start,
    controls: [
      { x: start.x, y: middle },
      { x: end.x, y: middle },
    ],
    to: end,
  }
  return [...straight(from, start), curve, ...straight(end, to)]
}

function straight(from: Point, to: Point): readonly Curve[] {
  return Math.abs(from.y - to.y) < 0.1 ? [] : [{ from, controls: [from, to], to }]
}

function passes(curves: readonly Curve[], areas: readonly Area[]): boolean {
  const points = curves.flatMap((curve) => Array.from({ length: 25 }, (_, index) => pointAt(curve, index / 24)))
  return areas.some(({ x, y, width, height }) =>
    points.some(
      (point) => Math.abs(point.x - x) < width / 2 + clearance && Math.abs(point.y - y) < height / 2 + clearance / 2,
    ),
  )
}
