import { html, type Markup } from './markup.js'
import type { Role, RunRole } from './roles.js'

export interface Series {
  readonly name: string
  readonly role: Role | RunRole
  readonly points: readonly (readonly [x: number, y: number])[]
}

interface ChartOptions {
  readonly label: string
  readonly format: (value: number) => string
  /** The upper end of the scale; by default derived from the largest value. */
  readonly top?: number
  /** The position and the label of a vertical line. */
  readonly mark?: { readonly x: number; readonly label: string }
}

const width = 520
const height = 240
const margin = { left: 56, right: 14, top: 14, bottom: 34 }

/** Lines over epochs, with labelled axes and a legend. Each role has its colour; lines of the same role differ in their dashes. */
export function lineChart(series: readonly Series[], { label, format, top, mark }: ChartOptions): Markup {
  const shown = series.map(({ name, role, points }, index) => ({
    name,
    look: `${role} dash${Math.min(3, series.slice(0, index).filter((earlier) => earlier.role === role).length)}`,
    points: points.filter((point) => point.every(Number.isFinite)),
  }))
  const xs = shown.flatMap(({ points }) => points.map(([x]) => x))
  const [first, last] = [Math.min(...xs, Number.POSITIVE_INFINITY), Math.max(...xs, Number.NEGATIVE_INFINITY)]
  const largest = top ?? niceTop(Math.max(...shown.flatMap(({ points }) => points.map(([, y]) => y)), 1e-9))
  const x = (value: number) =>
    margin.left + (last > first ? (value - first) / (last - first) : 0.5) * (width - margin.left - margin.right)
  const y = (value: number) =>
    height - margin.bottom - (Math.min(value, largest) / largest) * (height - margin.top - margin.bottom)
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * largest)
  const path = ({ points }: Pick<Series, 'points'>) =>
    points
      .map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point[0]).toFixed(1)} ${y(point[1]).toFixed(1)}`)
      .join('')
  return html`<figure>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${ticks.map((tick) => html`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/><text class="tick" x="${margin.left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${format(tick)}</text>`)}
${wholeNumbers(first, last).map((epoch) => html`<text class="tick" x="${x(epoch).toFixed(1)}" y="${height - margin.bottom + 16}" text-anchor="middle">${epoch}</text>`)}
<text class="tick" x="${(width + margin.left) / 2}" y="${height - 4}" text-anchor="middle">epoch</text>
${mark ? html`<line class="mark" x1="${x(mark.x).toFixed(1)}" x2="${x(mark.x).toFixed(1)}" y1="${margin.top}" y2="${height - margin.bottom}"/><text class="tick" x="${x(mark.x).toFixed(1)}" y="${margin.top - 3}" text-anchor="middle">${mark.label}</text>` : ''}
${shown.map((one) => html`<path class="line ${one.look}" d="${path(one)}"/>${one.points.length === 1 ? one.points.map((point) => html`<circle class="dot ${one.look}" cx="${x(point[0])}" cy="${y(point[1]).toFixed(1)}" r="3"/>`) : ''}`)}
</svg>
<figcaption>${label}${series.length > 1 ? html`: ${shown.map((one) => html`<svg class="key-line" viewBox="0 0 24 8" aria-hidden="true"><path class="line ${one.look}" d="M0 4H24"/></svg>${one.name} `)}` : ''}</figcaption>
</figure>`
}

/** Returns at most eight evenly spaced integers of a range. */
function wholeNumbers(first: number, last: number): number[] {
  if (!Number.isFinite(first) || !Number.isFinite(last)) return []
  const step = Math.max(1, Math.ceil((last - first) / 8))
  const start = Math.ceil(first)
  return Array.from({ length: Math.floor((last - start) / step) + 1 }, (_, index) => start + index * step)
}

/** The next of 1, 2, 5, 10, ... above a value. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power
}
