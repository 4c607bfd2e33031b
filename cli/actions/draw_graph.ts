import { extname } from 'node:path'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { columnFigure, columnWidth, smallestLetters } from '../../compiler/diagram/column.js'
import { type Diagram, type Thumbnail, withThumbnails } from '../../compiler/diagram/diagram.js'
import { dotOf } from '../../compiler/diagram/dot.js'
import { type Drawing, drawingOf } from '../../compiler/diagram/drawing.js'
import { fold } from '../../compiler/diagram/fold.js'
import { type Direction, layOut } from '../../compiler/diagram/layout.js'
import { palettes } from '../../compiler/diagram/palette.js'
import { drawingSvg, type Theme } from '../../compiler/diagram/svg.js'
import type { Graph } from '../../compiler/graph/graph.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { writeAtomically } from '../../runtime/files.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import type { Io } from '../io.js'
import { readySpec, specHost } from './spec.js'

interface DrawOptions {
  readonly output?: string
  readonly theme: Theme
  readonly direction?: Direction
  readonly column?: boolean
  readonly set?: ModelSettings
  /** A photo whose maps and crops are shown in the boxes. */
  readonly image?: string
  readonly engine?: EngineName
}

const figureKinds = ['.svg', '.pdf', '.png']
const kinds = [...figureKinds, '.dot', '.json']

/** Writes the figure of a model in the format of the file's extension. */
export async function drawGraph(file: string, options: DrawOptions, io: Io): Promise<number> {
  const { output, column = false, image } = options
  const kind = output === undefined ? '.dot' : extname(output).toLowerCase()
  if (!kinds.includes(kind))
    throw wrong(`a figure is written as .svg, .pdf, .png, .dot or .json, not as ${kind === '' ? `${output}` : kind}`)
  if (image !== undefined && !figureKinds.includes(kind)) throw wrong('--image is for a figure: .svg, .pdf or .png')
  if (column && !figureKinds.includes(kind)) throw wrong('--column is for a figure: .svg, .pdf or .png')
  const { graph, thumbnails } = await drawnModel(file, options, io)
  const { diagram, contents } = await contentsOf(graph, thumbnails, kind, options, io)
  if (output === undefined) io.write(String(contents))
  else {
    await writeAtomically(output, contents)
    io.reporter.say(`wrote ${output}`)
  }
  io.json({ ok: true, ...(output !== undefined && { output }), diagram })
  return 0
}

function wrong(message: string, help = 'wsban graph models/wsban.wsban -o wsban.svg'): Failure {
  return new Failure({ code: 'wrong-usage', message, help, exit: 2 })
}

interface DrawnModel {
  readonly graph: Graph
  readonly thumbnails: ReadonlyMap<string, Thumbnail>
}

/** The model of a spec or run, with its thumbnails of a photo where one is given. */
async function drawnModel(file: string, { set, image, engine }: DrawOptions, io: Io): Promise<DrawnModel> {
  if (image === undefined && !RunFolder.exists(file))
    return { graph: readySpec(file, set ?? {}, io).graph, thumbnails: new Map() }
  const { openWeighted } = await import('../../runtime/specs/weighted.js')
  const weighted = await openWeighted(file, { ...(set && { set }) }, specHost(io))
  const { graph, stored } = weighted.spec
  if (image === undefined) return { graph, thumbnails: new Map() }
  if (!weighted.weights)
    throw wrong(
      `${file} has no trained weights, and thumbnails of random weights show nothing`,
      'give a run: wsban graph runs/birds -o birds.pdf --image photo.jpg',
    )
  const [{ decodeImage }, { openEngine }, { thumbnailsOf }, { storeOf }] = await Promise.all([
    import('../../runtime/images/decode.js'),
    import('../../runtime/engines/index.js'),
    import('../../runtime/figures/thumbnails.js'),
    import('../../runtime/inference/open.js'),
  ])
  const photo = await decodeImage(image)
  await openEngine(engine, io.reporter)
  const thumbnails = await thumbnailsOf(graph, {
    entry: stored.entry,
    image: photo,
    // A run has all weights, so the seed is not used.
    weights: (parameters) => storeOf(weighted, parameters, 0),
  })
  return { graph, thumbnails }
}

interface Contents {
  readonly diagram: Diagram
  readonly contents: string | Uint8Array
}

async function contentsOf(
  graph: Graph,
  thumbnails: ReadonlyMap<string, Thumbnail>,
  kind: string,
  options: DrawOptions,
  io: Io,
): Promise<Contents> {
  if (options.column) return columnContents(graph, thumbnails, kind, options.theme, io)
  const diagram = withThumbnails(fold(graph), thumbnails)
  if (kind === '.dot') return { diagram, contents: dotOf(diagram) }
  if (kind === '.json') return { diagram, contents: `${JSON.stringify(diagram, undefined, 2)}\n` }
  const drawing = drawingOf(diagram.model, layOut(diagram, options.direction))
  return { diagram, contents: await figure(drawing, kind, options.theme) }
}

async function columnContents(
  graph: Graph,
  thumbnails: ReadonlyMap<string, Thumbnail>,
  kind: string,
  theme: Theme,
  io: Io,
): Promise<Contents> {
  const { diagram, layout, letters } = columnFigure(graph, thumbnails)
  const size = `its letters have ${letters.toFixed(1)} points in a column of ${columnWidth} cm`
  if (letters >= smallestLetters) io.reporter.say(size)
  else io.reporter.warn(`${size}, and papers want ${smallestLetters}: without --column the figure spans both columns`)
  return { diagram, contents: await figure(drawingOf(diagram.model, layout), kind, theme, columnWidth) }
}

/** Dots an inch of pixels: twice those of a screen, and those of print for a figure of known width. */
const screenDots = 192
const printDots = 600
const centimetresPerInch = 2.54
const pixelsPerInch = 96

/** A figure at most as wide as given, in centimetres; one without a width has CSS pixels. */
async function figure(drawing: Drawing, kind: string, theme: Theme, widest?: number): Promise<string | Uint8Array> {
  const own = drawing.width / pixelsPerInch
  const inches = widest === undefined ? own : Math.min(own, widest / centimetresPerInch)
  if (kind === '.svg')
    return drawingSvg(drawing, { theme, ...(widest !== undefined && { centimetres: inches * centimetresPerInch }) })
  // Paper and pixels do not follow the reader's screen.
  const fixed = theme === 'dark' ? 'dark' : 'light'
  if (kind === '.pdf') {
    const { pdfOf } = await import('../../runtime/figures/pdf.js')
    return pdfOf(drawing, { palette: palettes[fixed], width: inches * 72 })
  }
  const { pngOf } = await import('../../runtime/figures/png.js')
  return pngOf(drawing, fixed, Math.ceil(inches * (widest === undefined ? screenDots : printDots)))
}
