import type { Random } from '../../compiler/random.js'

export interface MapSize {
  readonly height: number
  readonly width: number
}

type Maker = (size: MapSize, random: Random) => ArrayLike<number>

const cells = ({ height, width }: MapSize, value: (y: number, x: number) => number) =>
  Float32Array.from({ length: height * width }, (_, cell) => value(Math.floor(cell / width), cell % width))

/** A spiral path with one cell of background between its turns: the longest path within a component. */
export function spiral({ height, width }: MapSize): Float32Array {
  const map = new Float32Array(height * width)
  let [y, x, dy, dx] = [0, 0, 0, 1]
  const on = (row: number, column: number) =>
    row >= 0 && column >= 0 && row < height && column < width && map[row * width + column] === 1
  const outside = (row: number, column: number) => row < 0 || column < 0 || row >= height || column >= width
  for (let turned = 0; turned < 2; ) {
    map[y * width + x] = 1
    const blocked = outside(y + dy, x + dx) || on(y + 2 * dy, x + 2 * dx) || on(y + dy, x + dx)
    if (blocked) {
      ;[dy, dx] = [dx, -dy]
      turned++
    } else {
      y += dy
      x += dx
      turned = 0
    }
  }
  return map
}

/** Rows joined at alternate ends. */
export function snake(size: MapSize): Float32Array {
  return cells(size, (y, x) => Number(y % 2 === 0 || x === (y % 4 === 1 ? size.width - 1 : 0)))
}

/** Maps that are hard on a search for the largest component, by name. */
export const hardMaps: Readonly<Record<string, Maker>> = {
  zeros: (size) => cells(size, () => 0),
  'all negative': (size, random) => cells(size, () => -1 - random.uniform(0, 1)),
  'one pixel': (size, random) => {
    const map = new Float32Array(size.height * size.width)
    map[random.integer(map.length)] = random.uniform(0.1, 3)
    return map
  },
  'few values': (size, random) => cells(size, () => [0, 0, 0, 1, 1, 0.19999, 0.2, 0.5][random.integer(8)] ?? 0),
  'two values': (size, random) => {
    const share = random.uniform(0.2, 0.8)
    return cells(size, () => Number(random.uniform(0, 1) < share))
  },
  checkerboard: (size, random) => {
    const side = 1 + random.integer(3)
    return cells(size, (y, x) => (Math.floor(y / side) + Math.floor(x / side)) % 2)
  },
  'separate dots': (size) => cells(size, (y, x) => Number(y % 2 === 0 && x % 2 === 0)),
  stripes: (size, random) => {
    const upright = random.integer(2) === 0
    return cells(size, (y, x) => Number((upright ? x : y) % 2 === 0))
  },
  border: (size) => cells(size, (y, x) => Number(y === 0 || x === 0 || y === size.height - 1 || x === size.width - 1)),
  spiral,
  'broken spiral': (size, random) => {
    const map = spiral(size)
    for (let cut = 0; cut < 3; cut++) map[random.integer(map.length)] = 0
    return map
  },
  snake,
  floats: (size, random) => cells(size, () => random.uniform(-1, 4)),
  'just about the threshold': (size, random) =>
    cells(size, () => (random.integer(5) === 0 ? 1 : 0.2 + (random.integer(5) - 2) * 1.4901161193847656e-8)),
  'very large': (size, random) => cells(size, () => random.uniform(-3e38, 3e38)),
  'very small': (size, random) => cells(size, () => random.uniform(0, 1e-40)),
}
