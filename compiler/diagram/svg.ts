import { elementAt } from '../../grammar/present.js'
import type { Diagram } from './diagram.js'
import type { Area, Point } from './geometry.js'
import { type Direction, type Layout, layOut, metrics, type PlacedArrow } from './layout.js'

/** `auto`: as the reader's screen is set. */
export type Theme = 'auto' | 'light' | 'dark'

/** The figure as one SVG file: no script, no font, nothing from elsewhere. */
export function svgOf(diagram: Diagram, theme: Theme = 'auto', direction?: Direction): string {
  const layout = layOut(diagram, direction)
  const owners = [...new Set([...layout.branches, ...layout.boxes].map(({ weightsOf }) => weightsOf))]
  // Colours are for what has weights of its own or of another; a single step needs none.
  const coloured = owners.filter((owner) => layout.branches.some(({ weightsOf }) => weightsOf === owner))
  const hue = (owner: string) => (coloured.includes(owner) ? ` w${coloured.indexOf(owner) % hues.length}` : '')
  const hueBelow = (at: Point | undefined) => {
    const below = at && layout.branches.find(({ area }) => contains(area, at))
    return below ? hue(below.weightsOf) : ''
  }
  const detached = layout.arrows.some((arrow) => arrow.detached)
  const legend = detached ? 24 : 0
  const [width, height] = [Math.ceil(layout.width), Math.ceil(layout.height + legend)]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(diagram.model)}</title>`,
    `<style>${styleOf(theme)}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>',
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...layout.branches.map(
      ({ name, area, weightsOf }) =>
        `<g class="branch${hue(weightsOf)}">${rectangle(area, 10)}<text x="${number(area.x - area.width / 2 + 12)}" y="${number(area.y - area.height / 2 + 17)}">${escaped(`branch ${name}`)}</text></g>`,
    ),
    ...layout.arrows.map(lineOf),
    ...layout.boxes.map((box) => boxOf(box, hue(box.weightsOf))),
    ...layout.arrows.map((arrow) => labelOf(arrow, hueBelow(arrow.labelAt))),
    ...(detached ? [legendAt(height - 16)] : []),
    '</svg>',
    '',
  ].join('\n')
}

function boxOf({ id, area, title, lines, kind }: Layout['boxes'][number], hue: string): string {
  const top = area.y - ((lines.length + 1) * metrics.line) / 2
  const texts = lines.map(
    (line, index) =>
      `<text class="small" x="${number(area.x)}" y="${number(top + (index + 1) * metrics.line + 12)}">${escaped(line)}</text>`,
  )
  const name = `<text class="name" x="${number(area.x)}" y="${number(top + 12)}">${escaped(title)}</text>`
  return `<g class="box ${kind}${hue}" data-name="${escaped(id)}">${rectangle(area, area.corner)}${name}${texts.join('')}</g>`
}

function contains({ x, y, width, height }: Area, at: Point): boolean {
  return Math.abs(at.x - x) <= width / 2 && Math.abs(at.y - y) <= height / 2
}

function rectangle({ x, y, width, height }: Area, radius: number): string {
  return `<rect x="${number(x - width / 2)}" y="${number(y - height / 2)}" width="${number(width)}" height="${number(height)}" rx="${number(radius)}"/>`
}

function lineOf({ curves, detached }: PlacedArrow): string {
  const at = ({ x, y }: Point) => `${number(x)} ${number(y)}`
  const parts = curves.map(({ controls: [first, second], to }) => `C${at(first)} ${at(second)} ${at(to)}`)
  const way = `M${at(elementAt(curves, 0).from)} ${parts.join(' ')}`
  return `<path class="arrow${detached ? ' detached' : ''}" marker-end="url(#head)" d="${way}"/>`
}

/** The label's background has the colour of what is below it, and interrupts the line. */
function labelOf({ label, labelAt }: PlacedArrow, hue: string): string {
  if (!labelAt) return ''
  const { x, y } = labelAt
  const width = Math.max(...label.map((line) => line.length)) * metrics.letter
  const height = label.length * metrics.line
  const texts = label.map(
    (line, index) =>
      `<text x="${number(x)}" y="${number(y - height / 2 + index * metrics.line + 12)}">${escaped(line)}</text>`,
  )
  return `<g class="label${hue}">${rectangle({ x, y, width, height }, 3)}${texts.join('')}</g>`
}

function legendAt(y: number): string {
  return `<path class="arrow detached" d="M20 ${y} h34"/><text class="legend" x="62" y="${y + 4}">no gradient goes back</text>`
}

const number = (value: number): string => String(Number(value.toFixed(1)))

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Degrees on the colour circle: blue, green, violet, orange, cyan, pink. */
const hues = [214, 150, 268, 32, 188, 330]

function styleOf(theme: Theme): string {
  if (theme !== 'auto') return fixed + colours(theme)
  return `${fixed}${colours('light')}@media (prefers-color-scheme: dark) {${colours('dark')}}`
}

const fixed = `
text { font-family: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; font-size: ${metrics.text}px; }
.box text, .label text { text-anchor: middle; } .name { font-weight: 600; font-size: ${metrics.title}px; }
.branch text { font-weight: 600; } .arrow { fill: none; stroke-width: 1.3; } .detached { stroke-dasharray: 5 4; }
.box rect { stroke-width: 1.2; } .branch rect { stroke-width: 1; }
`

function colours(theme: 'light' | 'dark'): string {
  const light = theme === 'light'
  const paper = light ? '#ffffff' : '#15181c'
  const [ink, soft, line] = light ? ['#1c2126', '#57606a', '#59636e'] : ['#e8ebee', '#a3acb5', '#98a2ad']
  const rules = hues.map((hue, index) => {
    const of = (saturation: number, lightness: number) => `hsl(${hue}, ${saturation}%, ${lightness}%)`
    const tint = light ? of(60, 97) : of(25, 13)
    return `.branch.w${index} rect { fill: ${tint}; stroke: ${light ? of(45, 78) : of(25, 32)}; } .label.w${index} rect { fill: ${tint}; }
.branch.w${index} text { fill: ${light ? of(50, 34) : of(55, 76)}; } .box.w${index} rect { fill: ${light ? of(70, 90) : of(35, 24)}; stroke: ${light ? of(50, 46) : of(45, 58)}; }`
  })
  return `
.paper { fill: ${paper}; } text { fill: ${ink}; } .small, .label text, .legend { fill: ${soft}; } .label rect { fill: ${paper}; }
.arrow { stroke: ${line}; } .head { fill: ${line}; }
.box rect { fill: ${light ? '#f1f3f5' : '#23282e'}; stroke: ${light ? '#868e96' : '#7b858f'}; }
${rules.join('\n')}
.loss rect { fill: ${light ? '#fdecea' : '#3a2222'}; stroke: ${light ? '#c4453c' : '#d9736b'}; }
.answer rect { fill: ${light ? '#fff6d9' : '#39311a'}; stroke: ${light ? '#b08900' : '#d3ae3f'}; }
`
}
