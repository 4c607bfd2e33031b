import type { Group, Lettering } from './drawing.js'

/** Colours as `#rrggbb`. */
export interface Paint {
  readonly fill: string
  /** Undefined without an outline. */
  readonly stroke?: string
}

export interface Palette {
  readonly paper: string
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly box: Paint
  readonly loss: Paint
  readonly answer: Paint
  /** Of branches, and of boxes that have their weights. */
  readonly hues: readonly { readonly branch: Paint; readonly title: string; readonly box: Paint }[]
}

/** Degrees on the colour circle: blue, green, violet, orange, cyan, pink. */
const hues = [214, 150, 268, 32, 188, 330]

export const palettes: { readonly light: Palette; readonly dark: Palette } = {
  light: {
    paper: '#ffffff',
    ink: '#1c2126',
    soft: '#57606a',
    line: '#59636e',
    box: { fill: '#f1f3f5', stroke: '#868e96' },
    loss: { fill: '#fdecea', stroke: '#c4453c' },
    answer: { fill: '#fff6d9', stroke: '#b08900' },
    hues: hues.map((hue) => ({
      branch: { fill: hex(hue, 60, 97), stroke: hex(hue, 45, 78) },
      title: hex(hue, 50, 34),
      box: { fill: hex(hue, 70, 90), stroke: hex(hue, 50, 46) },
    })),
  },
  dark: {
    paper: '#15181c',
    ink: '#e8ebee',
    soft: '#a3acb5',
    line: '#98a2ad',
    box: { fill: '#23282e', stroke: '#7b858f' },
    loss: { fill: '#3a2222', stroke: '#d9736b' },
    answer: { fill: '#39311a', stroke: '#d3ae3f' },
    hues: hues.map((hue) => ({
      branch: { fill: hex(hue, 25, 13), stroke: hex(hue, 25, 32) },
      title: hex(hue, 55, 76),
      box: { fill: hex(hue, 35, 24), stroke: hex(hue, 45, 58) },
    })),
  },
}

/** The colours of a group's rectangle. */
export function paintOf({ role, hue }: Group, palette: Palette): Paint {
  if (role === 'loss') return palette.loss
  if (role === 'answer') return palette.answer
  const own = hue === undefined ? undefined : palette.hues[hue % palette.hues.length]
  if (role === 'branch') return own?.branch ?? { fill: palette.paper, stroke: palette.line }
  if (role === 'label') return { fill: own?.branch.fill ?? palette.paper }
  return own?.box ?? palette.box
}

/** The colour of a group's letters. */
export function inkOf({ hue }: Group, lettering: Lettering, palette: Palette): string {
  if (lettering === 'name') return palette.ink
  const own = hue === undefined ? undefined : palette.hues[hue % palette.hues.length]
  return lettering === 'title' ? (own?.title ?? palette.ink) : palette.soft
}

/** A colour by its hue in degrees, and its saturation and lightness in percent. */
function hex(hue: number, saturation: number, lightness: number): string {
  const light = lightness / 100
  const reach = (saturation / 100) * Math.min(light, 1 - light)
  const channel = (offset: number) => {
    const place = (offset + hue / 30) % 12
    const value = light - reach * Math.max(-1, Math.min(place - 3, 9 - place, 1))
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(0)}${channel(8)}${channel(4)}`
}
