import { html, type Markup } from './markup.js'

export interface Series {
  readonly name: string
  readonly values: readonly number[]
}

interface ChartOptions {
  readonly label: string
  readonly format: (value: number) => string
  /** The top of the scale; the largest value when not given. */
  readonly top?: number
}

const width = 520
const height = 240
const margin = { left: 52, right: 12, top: 10, bottom: 34 }

/** Lines over epochs, with labelled axes and a legend. Colours come from the page's palette. */
export function lineChart(series: readonly Series[], { label, format, top }: ChartOptions): Markup {
  const values = series.flatMap((one) => one.values).filter(Number.isFinite)
  const count = Math.max(1, ...series.map((one) => one.values.length))
  const largest = top ?? niceTop(Math.max(...values, 1e-9))
  const x = (index: number) =>
    margin.left + (count === 1 ? 0.5 : index / (count - 1)) * (width - margin.left - margin.right)
  const y = (value: number) =>
    height - margin.bottom - (Math.min(value, largest) / largest) * (height - margin.top - margin.bottom)
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * largest)
  const marks = [...new Set([0, Math.floor((count - 1) / 2), count - 1])]
  const path = (one: Series) =>
    one.values.map((value, index) => `${index === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join('')
  return html`<figure>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${ticks.map((tick) => html`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/><text class="tick" x="${margin.left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${format(tick)}</text>`)}
${marks.map((mark) => html`<text class="tick" x="${x(mark).toFixed(1)}" y="${height - margin.bottom + 16}" text-anchor="middle">${mark + 1}</text>`)}
<text class="tick" x="${(width + margin.left) / 2}" y="${height - 4}" text-anchor="middle">epoch</text>
${series.map((one, index) => html`<path class="line c${index % 6}" d="${path(one)}"/>${one.values.length === 1 ? html`<circle class="dot c${index % 6}" cx="${x(0)}" cy="${y(one.values[0] ?? 0).toFixed(1)}" r="3"/>` : ''}`)}
</svg>
<figcaption>${label}: ${series.map((one, index) => html`<span class="key c${index % 6}"></span>${one.name} `)}</figcaption>
</figure>`
}

/** The next of 1, 2, 5, 10, ... above a value. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power
}
