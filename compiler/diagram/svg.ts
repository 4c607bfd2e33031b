import { elementAt } from '../../grammar/present.js'
import type { Diagram } from './diagram.js'
import { type Drawing, drawingOf, type Group, type Lettering, letterings, type Mark } from './drawing.js'
import type { Point } from './geometry.js'
import { type Direction, layOut } from './layout.js'
import { type Palette, palettes } from './palette.js'

/** `auto`: as the reader's screen is set. */
export type Theme = 'auto' | 'light' | 'dark'

/** The figure of a diagram as one SVG file: no script, no font, nothing from elsewhere. */
export function svgOf(diagram: Diagram, theme: Theme = 'auto', direction?: Direction): string {
  return drawingSvg(drawingOf(diagram.model, layOut(diagram, direction)), { theme })
}

/** Letters as an SVG path whose baseline begins at the origin, and their width in pixels. */
export type Outlines = (text: string, lettering: Lettering) => { readonly path: string; readonly width: number }

interface SvgOptions {
  readonly theme: Theme
  /** The width on paper; without it the figure has CSS pixels. */
  readonly centimetres?: number
  /** Draws letters by their outlines; without it they are text in a typeface of the reader's machine. */
  readonly outlines?: Outlines
}

export function drawingSvg(
  { title, width, height, groups }: Drawing,
  { theme, centimetres, outlines }: SvgOptions,
): string {
  const unit = centimetres === undefined ? '' : 'cm'
  const length = (pixels: number) => (centimetres === undefined ? pixels : ((pixels / width) * centimetres).toFixed(3))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${length(width)}${unit}" height="${length(height)}${unit}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(title)}</title>`,
    `<style>${styleOf(theme)}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>',
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...groups.map((group) => groupOf(group, outlines)),
    '</svg>',
    '',
  ].join('\n')
}

function groupOf({ role, hue, name, marks }: Group, outlines: Outlines | undefined): string {
  const box = name === undefined ? '' : 'box '
  const colour = hue === undefined ? '' : ` w${hue % palettes.light.hues.length}`
  const path = name === undefined ? '' : ` data-name="${escaped(name)}"`
  const inside = marks.map((mark) => markOf(mark, outlines)).join('')
  return role === 'arrow' ? inside : `<g class="${box}${role}${colour}"${path}>${inside}</g>`
}

function markOf(mark: Mark, outlines: Outlines | undefined): string {
  if (mark.kind === 'rectangle') {
    const { x, y, width, height, corner } = mark.area
    return `<rect x="${number(x - width / 2)}" y="${number(y - height / 2)}" width="${number(width)}" height="${number(height)}" rx="${number(corner)}"/>`
  }
  if (mark.kind === 'text') {
    const { text, at, lettering, centred } = mark
    if (outlines) {
      const { path, width } = outlines(text, lettering)
      return `<path class="${lettering}" transform="translate(${number(centred ? at.x - width / 2 : at.x)} ${number(at.y)})" d="${path}"/>`
    }
    return `<text class="${lettering}" x="${number(at.x)}" y="${number(at.y)}">${escaped(text)}</text>`
  }
  if (mark.kind === 'thumbnail') {
    const { x, y, width, height } = mark.area
    return `<image x="${number(x - width / 2)}" y="${number(y - height / 2)}" width="${number(width)}" height="${number(height)}" href="data:image/png;base64,${escaped(mark.png)}"/>`
  }
  const head = mark.head ? ' marker-end="url(#head)"' : ''
  return `<path class="arrow${mark.detached ? ' detached' : ''}"${head} d="${pathOf(mark)}"/>`
}

/** A line in the language of SVG paths. */
export function pathOf({ curves }: Extract<Mark, { kind: 'line' }>): string {
  const at = ({ x, y }: Point) => `${number(x)} ${number(y)}`
  const parts = curves.map(({ controls: [first, second], to }) => `C${at(first)} ${at(second)} ${at(to)}`)
  return `M${at(elementAt(curves, 0).from)} ${parts.join(' ')}`
}

const number = (value: number): string => String(Number(value.toFixed(1)))

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function styleOf(theme: Theme): string {
  if (theme !== 'auto') return fixed + colours(palettes[theme])
  return `${fixed}${colours(palettes.light)}@media (prefers-color-scheme: dark) {${colours(palettes.dark)}}`
}

const { name, detail } = letterings

const fixed = `
text { font-family: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; font-size: ${detail.size}px; }
.box text, .label text { text-anchor: middle; } .name, .title { font-weight: 600; } .name { font-size: ${name.size}px; }
.arrow { fill: none; stroke-width: 1.3; } .detached { stroke-dasharray: 5 4; }
.box rect { stroke-width: 1.2; } .branch rect { stroke-width: 1; }
`

function colours({ paper, ink, soft, line, box, loss, answer, hues }: Palette): string {
  const rules = hues.map(({ branch, title, box }, index) => {
    const of = (role: string) => `.${role}.w${index}`
    return `${of('branch')} rect { fill: ${branch.fill}; stroke: ${branch.stroke}; } ${of('branch')} .title { fill: ${title}; }
${of('box')} rect { fill: ${box.fill}; stroke: ${box.stroke}; } ${of('label')} rect { fill: ${branch.fill}; }`
  })
  return `
.paper { fill: ${paper}; } .name { fill: ${ink}; } .detail { fill: ${soft}; } .label rect { fill: ${paper}; }
.arrow { stroke: ${line}; } .head { fill: ${line}; } .box rect { fill: ${box.fill}; stroke: ${box.stroke}; }
${rules.join('\n')}
.box.loss rect { fill: ${loss.fill}; stroke: ${loss.stroke}; } .box.answer rect { fill: ${answer.fill}; stroke: ${answer.stroke}; }
`
}
