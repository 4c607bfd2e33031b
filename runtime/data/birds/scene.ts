import type { Random } from '../../../compiler/random.js'
import type { Box } from '../dataset.js'
import { type Drawing, drawBird, rotated } from './bird.js'
import type { Traits } from './species.js'

export const imageSize = 224

export interface Scene {
  readonly svg: string
  /** Standard deviation of the added noise, in brightness levels of 0 to 255. */
  readonly noise: number
  /** In pixels. */
  readonly blur: number
  readonly box: Box
  readonly part: Box
}

/** Draws one bird in front of a random background. */
export function drawScene(traits: Traits, random: Random): Scene {
  const ground = background(random)
  const bird = drawBird(traits, random)
  const size = random.uniform(0.42, 0.75) * imageSize
  const scale = size / 110
  const tilt = random.uniform(-22, 22)
  const flip = random.uniform() < 0.5 ? -1 : 1
  const placed = (points: Drawing['outline']) =>
    points.map(([x, y]) => {
      const [turnedX, turnedY] = rotated(x * flip, y, tilt)
      return [turnedX * scale, turnedY * scale] as const
    })
  const around = boundsOf(placed(bird.outline))
  const free = (low: number, high: number) => {
    const edge = 5
    return low + edge > imageSize - edge - high
      ? (imageSize - low - high) / 2
      : random.uniform(edge - low, imageSize - edge - high)
  }
  const [x, y] = [free(around.left, around.right), free(around.top, around.bottom)]
  const dim = random.uniform(0.72, 1.12)
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${imageSize}" height="${imageSize}">`,
    ground,
    `<g transform="translate(${x.toFixed(2)} ${y.toFixed(2)}) rotate(${tilt.toFixed(2)}) scale(${(scale * flip).toFixed(4)} ${scale.toFixed(4)})">${bird.svg}</g>`,
    `<rect width="100%" height="100%" fill="${dim < 1 ? '#000' : '#fff'}" opacity="${Math.abs(1 - dim).toFixed(3)}"/>`,
    '</svg>',
  ]
  return {
    svg: svg.join(''),
    noise: random.uniform(2, 9),
    blur: random.uniform(0.3, 0.7),
    box: fractions(around, x, y),
    part: fractions(boundsOf(placed(bird.part)), x, y),
  }
}

interface Bounds {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

function boundsOf(points: readonly (readonly [number, number])[]): Bounds {
  const xs = points.map(([x]) => x)
  const ys = points.map(([, y]) => y)
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) }
}

function fractions({ left, right, top, bottom }: Bounds, x: number, y: number): Box {
  const share = (value: number) => Math.min(1, Math.max(0, value / imageSize))
  return { y1: share(top + y), x1: share(left + x), y2: share(bottom + y), x2: share(right + x) }
}

/** Sky, meadow, water or leaves; a branch; and blots in the colours of the distinguishing parts, so that colour alone does not identify a species. */
function background(random: Random): string {
  const kinds = [
    ['hsl(205 55% 80%)', 'hsl(200 40% 62%)'],
    ['hsl(95 32% 62%)', 'hsl(110 35% 38%)'],
    ['hsl(190 30% 66%)', 'hsl(205 38% 44%)'],
    ['hsl(45 35% 74%)', 'hsl(32 30% 52%)'],
  ] as const
  const [top, bottom] = kinds[random.integer(kinds.length)] ?? kinds[0]
  const parts = [
    `<defs><linearGradient id="g" x1="0" y1="0" x2="${random.uniform(0, 0.4).toFixed(2)}" y2="1"><stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs>`,
    '<rect width="100%" height="100%" fill="url(#g)"/>',
  ]
  const at = () => random.uniform(0, imageSize).toFixed(1)
  for (let leaf = random.integer(14) + 4; leaf > 0; leaf--) {
    const [hue, light] = [random.uniform(70, 150), random.uniform(28, 60)]
    parts.push(
      `<ellipse cx="${at()}" cy="${at()}" rx="${random.uniform(6, 24).toFixed(1)}" ry="${random.uniform(4, 14).toFixed(1)}" transform="rotate(${random.integer(180)} 112 112)" fill="hsl(${hue.toFixed(0)} 30% ${light.toFixed(0)}%)" opacity="${random.uniform(0.35, 0.85).toFixed(2)}"/>`,
    )
  }
  if (random.uniform() < 0.6)
    parts.push(
      `<path d="M0 ${at()} Q ${at()} ${at()} ${imageSize} ${at()}" stroke="#5d4a36" stroke-width="${random.uniform(3, 9).toFixed(1)}" fill="none"/>`,
    )
  const blots = ['#f2b21b', '#d8232f', '#2f6fe0', '#ffffff', '#f3ead2', '#2b2926']
  for (let blot = random.integer(4) + 2; blot > 0; blot--)
    parts.push(
      `<circle cx="${at()}" cy="${at()}" r="${random.uniform(2, 5.5).toFixed(1)}" fill="${blots[random.integer(blots.length)] ?? '#ffffff'}" opacity="0.9"/>`,
    )
  return parts.join('')
}
