import type { TensorType } from '../compiler/graph/graph.js'
import type { Operation } from '../compiler/ops/operation.js'
import { type Tensor, tensor } from '../compiler/ops/support/tensor.js'
import { elementAt } from '../grammar/present.js'
import { type ReadyCase, ready } from '../test/support/cases.js'
import { ReferenceEvaluation } from '../test/support/reference.js'

/** Functions of one number, which have a curve. */
export const curves: readonly string[] = [
  ...[
    'abs',
    'clamp',
    'cos',
    'elu',
    'exp',
    'gelu',
    'hard_sigmoid',
    'hard_swish',
    'leaky_relu',
    'log',
    'pow',
    'reciprocal',
  ],
  ...['relu', 'relu6', 'sigmoid', 'sign', 'signed_sqrt', 'silu', 'sin', 'softplus', 'sqrt', 'square', 'tanh'],
]

/** The figure of an operation as SVG, computed by its reference: its curve, or the tensors of one of its cases for one image. */
export function operationFigure(operation: Operation): string {
  const { cases, name } = operation
  // Noise and dropout do nothing in inference.
  const example = ready(operation, cases.find(({ phase }) => phase === 'training') ?? elementAt(cases, 0))
  return curves.includes(name) ? curveFigure(name, samplesOf(example)) : tensorFigure(example)
}

interface Sample {
  readonly x: number
  readonly y: number
}

/** The half width of a curve's axes; relu6 shows its upper bound. */
function reachOf(name: string): number {
  return name === 'relu6' ? 8 : 4
}

function samplesOf({ operation, attributes }: ReadyCase): readonly Sample[] {
  const reach = reachOf(operation.name)
  const places = Array.from({ length: 161 }, (_, index) => ((index - 80) / 80) * reach)
  const type: TensorType = {
    element: 'float',
    shape: [
      { name: 'batch', size: undefined },
      { name: 'features', size: places.length },
    ],
  }
  const [result] = new ReferenceEvaluation({
    ...{ operation, attributes, phase: 'inference', key: [], parameters: new Map() },
    types: new Map([['x', [type]]]),
    tensors: new Map([['x', [tensor([1, places.length], places)]]]),
  }).run()
  if (!result) throw new Error(`${operation.name} gave no values`)
  return places.map((x, index) => ({ x, y: elementAt(result.data, index) }))
}

const plot = { width: 320, height: 200, margin: 26 }

function curveFigure(name: string, samples: readonly Sample[]): string {
  const { width, height, margin } = plot
  const reach = reachOf(name)
  const finite = samples.filter(({ y }) => Number.isFinite(y) && Math.abs(y) <= reach)
  const ys = finite.map(({ y }) => y)
  const [low, high] = [Math.min(-1, ...ys), Math.max(1, ...ys)]
  const at = (x: number, y: number) => ({
    x: margin + ((x + reach) / (2 * reach)) * (width - 2 * margin),
    y: height - margin - ((y - low) / (high - low)) * (height - 2 * margin),
  })
  const [left, right, bottom, top] = [at(-reach, 0), at(reach, 0), at(0, low), at(0, high)]
  const ticks = [-2, 2].map((x) => {
    const place = at(x, 0)
    return `${line(place, { x: place.x, y: place.y + 4 }, 'axis')}${text(place.x, place.y + 16, String(x), 'middle')}`
  })
  const one = at(0, 1)
  return figure(`The curve of ${name}`, width, height, [
    line(left, right, 'axis'),
    line(bottom, top, 'axis'),
    ...ticks,
    line(one, { x: one.x - 4, y: one.y }, 'axis'),
    text(one.x - 8, one.y + 4, '1', 'end'),
    ...segments(samples, reach).map((part) => {
      const points = part.map(({ x, y }) => at(x, y)).map(({ x, y }) => `${number(x)} ${number(y)}`)
      return `<path class="curve" d="M${points.join(' L')}"/>`
    }),
  ])
}

/** Cut where the function has no value, leaves the figure or jumps. */
function segments(samples: readonly Sample[], reach: number): Sample[][] {
  const parts: Sample[][] = [[]]
  for (const sample of samples) {
    const part = elementAt(parts, parts.length - 1)
    const before = part.at(-1)
    const drawn = Number.isFinite(sample.y) && Math.abs(sample.y) <= reach
    if (!drawn || (before && Math.abs(before.y - sample.y) > 0.9)) parts.push([])
    if (drawn) elementAt(parts, parts.length - 1).push(sample)
  }
  return parts.filter((part) => part.length > 1)
}

/** One image of a tensor, as grids of cells: its channels, or one for a matrix or row. */
interface Grids {
  readonly label: string
  readonly grids: readonly (readonly (readonly number[])[])[]
  /** That are not drawn. */
  readonly more: number
}

const mostGrids = 3
const mostCells = 16

function gridsOf(name: string, { shape, data }: Tensor): Grids {
  const sizes = shape.slice(1)
  const [rows, columns] =
    sizes.length < 2 ? [1, sizes[0] ?? 1] : [elementAt(sizes, sizes.length - 2), elementAt(sizes, sizes.length - 1)]
  const count = sizes.slice(0, -2).reduce((product, size) => product * size, 1)
  const grids = Array.from({ length: Math.min(count, mostGrids) }, (_, grid) =>
    Array.from({ length: Math.min(rows, mostCells) }, (_, row) =>
      Array.from({ length: Math.min(columns, mostCells) }, (_, column) =>
        elementAt(data, (grid * rows + row) * columns + column),
      ),
    ),
  )
  const size = sizes.length === 0 ? 'one number' : sizes.join(' \u00d7 ')
  return { label: `${name}: ${size}`, grids, more: count - grids.length }
}

function tensorFigure({ operation, attributes, types, tensors, parameters, phase, inputs }: ReadyCase): string {
  const results = new ReferenceEvaluation({
    operation,
    attributes,
    types,
    tensors,
    parameters,
    phase,
    key: ['figure'],
  }).run()
  const given = inputs.map(({ argument, value }) => gridsOf(argument, value))
  const made = results.map((value, index) => gridsOf(operation.outputs?.[index] ?? 'result', value))
  const [left, right] = [columnOf(given, 20), columnOf(made, 0)]
  const middle = given.length > 0 ? left.width + 20 : 0
  const arrow = operation.name.length * 7 + 40
  const height = Math.max(left.height, right.height, 60) + 40
  const shift = (x: number, { height: own, marks }: Column) =>
    `<g transform="translate(${number(x)} ${number((height - own) / 2)})">${marks.join('')}</g>`
  const width = middle + arrow + 40 + right.width + 20
  const from = { x: middle + 20, y: height / 2 }
  const to = { x: from.x + arrow, y: height / 2 }
  return figure(`${operation.name} of one image`, width, height, [
    shift(0, left),
    `<path class="axis" marker-end="url(#head)" d="M${number(from.x)} ${number(from.y)} H${number(to.x)}"/>`,
    `<text class="name" text-anchor="middle" x="${number((from.x + to.x) / 2)}" y="${number(from.y - 8)}">${operation.name}</text>`,
    shift(to.x + 20, right),
  ])
}

interface Column {
  readonly width: number
  readonly height: number
  readonly marks: readonly string[]
}

/** Tensors below each other. */
function columnOf(tensors: readonly Grids[], x: number): Column {
  const marks: string[] = []
  let [width, y] = [x, 0]
  for (const { label, grids, more } of tensors) {
    marks.push(text(x, y + 11, label, 'start'))
    y += 18
    const cells = grids.flat(2)
    const largest = Math.max(...cells.map(Math.abs).filter(Number.isFinite), 1e-9)
    const columns = Math.max(...grids.map((grid) => grid[0]?.length ?? 0))
    const few = cells.length <= 24 && columns <= 8
    const side = few ? 34 : Math.min(14, 160 / columns)
    let place = x
    for (const grid of grids) {
      grid.forEach((row, r) => {
        row.forEach((value, c) => {
          const corner = { x: place + c * side, y: y + r * side }
          marks.push(
            `<rect class="cell" fill="${colourOf(value / largest)}" x="${number(corner.x)}" y="${number(corner.y)}" width="${number(side)}" height="${number(side)}"/>`,
          )
          if (few)
            marks.push(
              `<text class="value" text-anchor="middle" x="${number(corner.x + side / 2)}" y="${number(corner.y + side / 2 + 4)}">${shortNumber(value)}</text>`,
            )
        })
      })
      place += columns * side + 8
    }
    const rest = more > 0 ? `and ${more} more` : ''
    if (rest !== '') marks.push(text(place, y + 12, rest, 'start'))
    width = Math.max(width, place + rest.length * 6.2, x + label.length * 6.4)
    y += Math.max(...grids.map((grid) => grid.length)) * side + 14
  }
  return { width, height: Math.max(0, y - 14), marks }
}

function shortNumber(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toFixed(2)))
}

/** Blue below 0, orange above; `share` of the largest magnitude. */
function colourOf(share: number): string {
  const most = share < 0 ? [104, 156, 230] : [228, 110, 46]
  const strength = Number.isFinite(share) ? Math.min(1, Math.abs(share)) : 0
  const mixed = most.map((channel, index) =>
    Math.round(elementAt([244, 245, 247], index) * (1 - strength) + channel * strength),
  )
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

interface Place {
  readonly x: number
  readonly y: number
}

function line(from: Place, to: Place, role: string): string {
  return `<path class="${role}" d="M${number(from.x)} ${number(from.y)} L${number(to.x)} ${number(to.y)}"/>`
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text text-anchor="${anchor}" x="${number(x)}" y="${number(y)}">${content}</text>`
}

const number = (value: number): string => String(Number(value.toFixed(1)))

function figure(title: string, width: number, height: number, marks: readonly string[]): string {
  const colours = (paper: string, ink: string, axis: string, curve: string) =>
    `.paper { fill: ${paper}; } text { fill: ${ink}; } .axis { stroke: ${axis}; } .head { fill: ${axis}; } .curve { stroke: ${curve}; }`
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-labelledby="title">`,
    `<title id="title">${title}</title>`,
    `<style>
text { font: 11.5px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; } .name { font-weight: 600; }
.axis, .curve { fill: none; stroke-width: 1.3; } .curve { stroke-width: 2.2; } .cell { stroke: #ffffff; stroke-width: 0.8; } .value { fill: #1c2126; }
${colours('#ffffff', '#1c2126', '#868e96', '#b8401f')}
@media (prefers-color-scheme: dark) { ${colours('#15181c', '#e8ebee', '#7b858f', '#ff9a76')} .value { fill: #1c2126; } }
</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>',
    `<rect class="paper" width="${w}" height="${h}"/>`,
    ...marks,
    '</svg>',
    '',
  ].join('\n')
}
