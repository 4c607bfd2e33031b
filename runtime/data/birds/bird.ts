import type { Random } from '../../../compiler/random.js'
import type { Traits } from './species.js'

/** A point in the bird's coordinates: about 100 units wide, facing right, with the centre of the body at 0, 0. */
type Point = readonly [x: number, y: number]

export interface Drawing {
  readonly svg: string
  /** Points on the bird's outline, and on the part that distinguishes its species. */
  readonly outline: readonly Point[]
  readonly part: readonly Point[]
}

const gold = '#f2b21b'
const red = '#d8232f'
const blue = '#2f6fe0'
const cream = '#f3ead2'
const horn = '#2b2926'

/** Draws one bird with the given traits; body colour and pose are random. */
export function drawBird(traits: Traits, random: Random): Drawing {
  const hue = random.uniform(20, 260)
  const saturation = random.uniform(6, 30)
  const light = random.uniform(28, 55)
  const shade = (by: number) => `hsl(${hue.toFixed(0)} ${saturation.toFixed(0)}% ${(light + by).toFixed(0)}%)`
  const head: Point = [30 + random.uniform(-3, 3), -22 + random.uniform(-4, 4)]
  const droop = random.uniform(-8, 14)
  const pieces = [
    tail(traits, droop, shade(-10)),
    piece(legs(random), []),
    piece(
      `<ellipse cx="0" cy="0" rx="34" ry="21" fill="${shade(0)}"/><ellipse cx="10" cy="7" rx="20" ry="12" fill="${shade(16)}"/>`,
      ellipse(0, 0, 34, 21),
    ),
    crown(traits, head),
    piece(`<circle cx="${head[0]}" cy="${head[1]}" r="14" fill="${shade(3)}"/>`, ellipse(...head, 14, 14)),
    cap(traits, head),
    beak(traits, head),
    piece(
      `<circle cx="${head[0] + 5}" cy="${head[1] - 2}" r="2.4" fill="#111"/><circle cx="${head[0] + 5.8}" cy="${head[1] - 2.8}" r="0.8" fill="#fff"/>`,
      [],
    ),
    wing(traits, random.uniform(-14, 10), shade(-13)),
  ]
  const discriminative = pieces.flatMap(({ part }) => part)
  return {
    svg: pieces.map(({ svg }) => svg).join(''),
    outline: pieces.flatMap(({ outline }) => outline),
    part: discriminative,
  }
}

interface Piece {
  readonly svg: string
  readonly outline: readonly Point[]
  readonly part: readonly Point[]
}

function piece(svg: string, outline: readonly Point[], part: readonly Point[] = []): Piece {
  return { svg, outline, part }
}

function polygon(points: readonly Point[], fill: string): string {
  return `<polygon points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}" fill="${fill}"/>`
}

function ellipse(x: number, y: number, rx: number, ry: number): Point[] {
  return Array.from({ length: 24 }, (_, i) => [
    x + rx * Math.cos((i * Math.PI) / 12),
    y + ry * Math.sin((i * Math.PI) / 12),
  ])
}

function tail({ tail: kind }: Traits, droop: number, fill: string): Piece {
  const end = -62
  const plain: Point[] = [
    [-26, -6],
    [end, droop - 7],
    [end, droop + 7],
    [-24, 9],
  ]
  if (kind === 'forked') {
    const forked: Point[] = [
      [-26, -8],
      [end - 10, droop - 20],
      [end + 16, droop],
      [end - 10, droop + 20],
      [-24, 11],
    ]
    // The outer feathers are light, as many fork-tailed birds' are.
    const feathers = [-1, 1].map((side): Point[] => [
      [end + 24, droop * 0.7 + side * 13],
      [end - 10, droop + side * 20],
      [end + 4, droop + side * 8],
    ])
    return piece(
      polygon(forked, fill) + feathers.map((feather) => polygon(feather, cream)).join(''),
      forked,
      forked.slice(1, 4),
    )
  }
  if (kind === 'gold tip') {
    const tip: Point[] = [
      [end + 11, droop * 0.75 - 7],
      [end - 2, droop - 8],
      [end - 2, droop + 8],
      [end + 11, droop * 0.75 + 7.5],
    ]
    return piece(polygon(plain, fill) + polygon(tip, gold), [...plain, ...tip], tip)
  }
  return piece(polygon(plain, fill), plain)
}

function legs(random: Random): string {
  const foot = random.uniform(30, 34)
  return [-4, 5]
    .map(
      (x) =>
        `<path d="M${x} 16 L${x + random.uniform(-2, 2)} ${foot.toFixed(1)}" stroke="#54402c" stroke-width="2.4" stroke-linecap="round"/>`,
    )
    .join('')
}

/** Behind the head. */
function crown({ crown: kind }: Traits, [x, y]: Point): Piece {
  if (kind !== 'crest') return piece('', [])
  const feathers: Point[] = [
    [x + 4, y - 8],
    [x - 5, y - 34],
    [x - 9, y - 19],
    [x - 20, y - 30],
    [x - 18, y - 15],
    [x - 29, y - 17],
    [x - 13, y - 2],
  ]
  return piece(polygon(feathers, cream), feathers, feathers)
}

/** On the head. */
function cap({ crown: kind }: Traits, [x, y]: Point): Piece {
  if (kind !== 'red cap') return piece('', [])
  const path = `<path d="M${x - 12.5} ${y - 6} A14 14 0 0 1 ${x + 10} ${y - 10} Q ${x} ${y - 4} ${x - 12.5} ${y - 6} Z" fill="${red}"/>`
  return piece(
    path,
    [],
    [
      [x - 12.5, y - 14],
      [x + 10, y - 4],
    ],
  )
}

function beak({ beak: kind }: Traits, [x, y]: Point): Piece {
  const root = x + 12
  if (kind === 'hooked') {
    const tip: Point = [root + 25, y + 15]
    const path = `<path d="M${root - 2} ${y - 8} Q ${root + 25} ${y - 10} ${tip[0]} ${tip[1]} Q ${root + 15} ${y + 5} ${root - 2} ${y + 8} Z" fill="${horn}"/>`
    const points: Point[] = [[root - 2, y - 9], tip]
    return piece(path, points, points)
  }
  const points: Point[] =
    kind === 'red'
      ? [
          [root - 1, y - 5.5],
          [root + 14, y + 1],
          [root - 1, y + 6.5],
        ]
      : [
          [root, y - 3],
          [root + 11, y + 1],
          [root, y + 4],
        ]
  return piece(polygon(points, kind === 'red' ? red : '#6b655a'), points, kind === 'red' ? points : [])
}

function wing({ wing: kind }: Traits, turn: number, fill: string): Piece {
  const marks =
    kind === 'two white bars' ? bar(-14, '#fff', 4) + bar(-3, '#fff', 4) : kind === 'blue band' ? bar(-9, blue, 9) : ''
  const svg = `<g transform="rotate(${turn.toFixed(1)} 0 0)"><ellipse cx="-8" cy="-1" rx="23" ry="11.5" fill="${fill}"/>${marks}</g>`
  const turned = (points: readonly Point[]): Point[] => points.map(([x, y]) => rotated(x, y, turn))
  return piece(
    svg,
    turned(ellipse(-8, -1, 23, 11.5)),
    kind === 'plain'
      ? []
      : turned([
          [-18, -11],
          [2, -11],
          [2, 10],
          [-18, 10],
        ]),
  )
}

/** A stripe across the wing. */
function bar(x: number, fill: string, width: number): string {
  return `<path d="M${x} -10.5 Q ${x + 4} -1 ${x - 1} 9" stroke="${fill}" stroke-width="${width}" fill="none"/>`
}

export function rotated(x: number, y: number, degrees: number): Point {
  const angle = (degrees * Math.PI) / 180
  return [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)]
}
