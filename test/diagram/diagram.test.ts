import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import sharp from 'sharp'
import { compile } from '../../compiler/compile.js'
import { columnFigure } from '../../compiler/diagram/column.js'
import { dotOf } from '../../compiler/diagram/dot.js'
import { drawingOf } from '../../compiler/diagram/drawing.js'
import { fold } from '../../compiler/diagram/fold.js'
import { type Area, type Curve, type Point, pointAt } from '../../compiler/diagram/geometry.js'
import { type Layout, layOut } from '../../compiler/diagram/layout.js'
import { palettes } from '../../compiler/diagram/palette.js'
import { svgOf } from '../../compiler/diagram/svg.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { Random } from '../../compiler/random.js'
import { pdfOf } from '../../runtime/figures/pdf.js'
import { pngOf } from '../../runtime/figures/png.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { ModelGenerator } from '../fuzz/models/generate.js'

const folder = join(packageRoot(), 'models')

function graphOf(t: ExecutionContext, source: string, text: string): Graph {
  const { graph, diagnostics } = compile({ source, text }, diskLibrary())
  if (!graph) throw t.fail(diagnostics.map(({ message }) => message).join('\n'))
  return graph
}

function overlap(a: Area, b: Area): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2
}

function sampled(curve: Curve): Point[] {
  return Array.from({ length: 41 }, (_, index) => pointAt(curve, index / 40))
}

/** Returns the names of boxes that an arrow passes behind. */
function passedBoxes({ arrows, boxes }: Pick<Layout, 'arrows' | 'boxes'>): string[] {
  return arrows.flatMap(({ from, to, curves }) => {
    const points = curves.flatMap(sampled)
    return boxes
      .filter(({ id, area: { x, y, width, height } }) => {
        const inside = id === from || id === to ? -0.5 : 1
        return points.some(
          (point) => Math.abs(point.x - x) < width / 2 + inside && Math.abs(point.y - y) < height / 2 + inside,
        )
      })
      .map(({ id }) => `${from} -> ${to} passes ${id}`)
  })
}

/** Methods with many branches side by side: their images need a wide page, or to be enlarged. */
const wide = [
  ...['api_net', 'cal', 'cross_x', 'dcl', 'mge_cnn'],
  ...['nts_net', 'pim', 'pmg', 'ra_cnn', 's3n', 'self_distill'],
].map((name) => `${name}.wsban`)

for (const file of readdirSync(folder).filter((name) => name.endsWith('.wsban')))
  test(`${file} has an image that fits a page, with no box on another`, async (t) => {
    const graph = graphOf(t, file, readFileSync(join(folder, file), 'utf8'))
    const diagram = fold(graph)
    const ids = new Set(diagram.boxes.map(({ id }) => id))
    t.true(ids.size === diagram.boxes.length && ids.size <= (wide.includes(file) ? 50 : 20), `${ids.size} boxes`)
    for (const { from, to } of diagram.arrows) t.true(ids.has(from) && ids.has(to))
    for (const { name } of graph.losses) t.true(ids.has(`loss.${name}`), name)
    for (const direction of ['across', 'down'] as const) {
      const { arrows, boxes, width, height } = layOut(diagram, direction)
      t.deepEqual(passedBoxes({ arrows, boxes }), [], direction)
      for (const [index, box] of boxes.entries()) {
        for (const other of boxes.slice(index + 1)) t.false(overlap(box.area, other.area), `${box.id} on ${other.id}`)
        t.true(box.area.x - box.area.width / 2 >= 0 && box.area.x + box.area.width / 2 <= width, box.id)
        t.true(box.area.y - box.area.height / 2 >= 0 && box.area.y + box.area.height / 2 <= height, box.id)
      }
    }
    const column = columnFigure(graph)
    t.deepEqual(passedBoxes(column.layout), [], 'column')
    t.true(
      column.letters > (wide.includes(file) || file === 'mamc.wsban' ? 2.5 : 4),
      `letters of ${column.letters} points in a column`,
    )
    const svg = svgOf(diagram)
    t.is(svgOf(fold(graph)), svg)
    // Letters of 11.5 pixels are 5.5 points or more when the image fills a page's width, and 1.9 in those of the widest.
    const { width = 0, height = 0 } = await sharp(Buffer.from(svg)).metadata()
    t.true(Math.min(17 / width, 24 / height) * 11.5 * 28.35 > (wide.includes(file) ? 1.9 : 5.5), `${width} x ${height}`)
  })

test('any model has an image: several values between two boxes are one arrow, one without a shape has no label', (t) => {
  const fixtures = join(packageRoot(), 'test', 'fixtures', 'models')
  const texts = [
    ...readdirSync(fixtures).map((name) => readFileSync(join(fixtures, name), 'utf8')),
    ...Array.from({ length: 150 }, (_, seed) => new ModelGenerator(new Random(seed)).model()),
  ]
  for (const text of texts) {
    const { graph } = compile({ source: 'model', text }, diskLibrary())
    if (!graph) continue
    const diagram = fold(graph)
    const pairs = diagram.arrows.map(({ from, to }) => `${from} -> ${to}`)
    t.deepEqual(pairs, [...new Set(pairs)], text)
    for (const direction of ['across', 'down'] as const) {
      const { arrows, boxes } = layOut(diagram, direction)
      const points = [...boxes.map(({ area }) => area), ...arrows.flatMap(({ curves }) => curves.flatMap(sampled))]
      t.true(
        points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)),
        text,
      )
      t.deepEqual(passedBoxes({ arrows, boxes }), [], text)
    }
  }
})

test('the second pass of WS-BAN is one box that has the first one’s weights, and its teacher learns nothing', (t) => {
  const diagram = fold(graphOf(t, 'wsban', readFileSync(join(folder, 'wsban.wsban'), 'utf8')))
  const part = diagram.boxes.find(({ id }) => id === 'part')
  const trunk = diagram.boxes.find(({ id }) => id === 'master.trunk')
  t.deepEqual(part?.lines, ['master again', 'the same weights'])
  t.is(part?.weightsOf, trunk?.weightsOf)
  const arrow = (from: string, to: string) => diagram.arrows.find((one) => one.from === from && one.to === to)
  t.deepEqual(arrow('part', 'loss.master'), {
    from: 'part',
    to: 'loss.master',
    label: ['logits as teacher', '200'],
    detached: true,
  })
  t.deepEqual(arrow('master.attention', 'crop')?.detached, true)
  t.deepEqual(arrow('master.trunk', 'master.parts')?.label, ['Mixed_6e', '768 \u00d7 26 \u00d7 26'])
  t.is(arrow('part', 'loss.part')?.detached, false)
})

test('names of a spec are text in SVG and DOT, whatever they are', async (t) => {
  const hostile = '<script>"\\&\''
  const diagram = {
    model: hostile,
    boxes: [
      { id: 'a', kind: 'step' as const, title: hostile, lines: [hostile], branch: hostile, weightsOf: hostile },
      { id: 'b', kind: 'loss' as const, title: 'b', lines: [], weightsOf: 'b' },
    ],
    branches: [{ name: hostile, weightsOf: hostile }],
    arrows: [{ from: 'a', to: 'b', label: [hostile], detached: false }],
  }
  const svg = svgOf(diagram)
  t.false(svg.includes('<script'))
  t.is((await sharp(Buffer.from(svg)).metadata()).format, 'svg')
  const drawing = drawingOf(diagram.model, layOut(diagram))
  const pdf = Buffer.from(await pdfOf(drawing, { palette: palettes.dark }))
  t.true(pdf.subarray(0, 5).equals(Buffer.from('%PDF-')))
  t.true(dotOf(diagram).includes('"<script>\\"\\\\&\'"'))
})

test('pixels have the letters of the typeface, in any writing system that it knows', async (t) => {
  const dark = async (title: string) => {
    const box = { id: 'a', kind: 'step' as const, title, lines: [], weightsOf: 'a' }
    const diagram = { model: 'm', boxes: [box], branches: [], arrows: [] }
    const png = await pngOf(drawingOf('m', layOut(diagram)), 'light', 400)
    const { data } = await sharp(png).greyscale().raw().toBuffer({ resolveWithObject: true })
    return data.filter((value) => value < 80).length
  }
  const [none, latin, greek] = await Promise.all(['', 'trunk', '\u03b1\u03b2\u03b3'].map(dark))
  t.is(none, 0)
  t.true((latin ?? 0) > 100 && (greek ?? 0) > 50, `${latin} and ${greek} dark pixels`)
})

test('a model of very many bindings shows each branch as one box', (t) => {
  const lines = Array.from({ length: 60 }, (_, index) => `x${index + 1} = conv2d(x${index}, 4, 1)`)
  const text = `model m(classes = 3) {
  input image: Image[3, 8, 8]
  input label: Class[classes]
  branch b(image) { x0 = relu(image) ${lines.join(' ')} logits = x60 -> global_avg_pool -> linear(classes) }
  loss { b = cross_entropy(b.logits, label) }
  predict probabilities = softmax(b.logits)
}`
  t.deepEqual(
    fold(graphOf(t, 'm', text)).boxes.map(({ id }) => id),
    ['image', 'b', 'loss.b', 'predict.probabilities'],
  )
})
