import { elementAt } from '../../grammar/present.js'
import type { Graph } from '../graph/graph.js'
import { type Diagram, type Thumbnail, withThumbnails } from './diagram.js'
import { foldNarrow } from './fold.js'
import { type Layout, layOut, metrics } from './layout.js'

/** The width of a column of a two-column paper, such as CVPR's: 3.25 inches, in centimetres. */
export const columnWidth = 8.25
/** The smallest letters that publishers accept, in points. */
export const smallestLetters = 6

const pointsPerCentimetre = 72 / 2.54

export interface ColumnFigure {
  readonly diagram: Diagram
  readonly layout: Layout
  /** Of the small letters when the figure fills the column, in points. */
  readonly letters: number
}

/** A figure for one column: as detailed as its letters stay readable, and otherwise with the largest letters. */
export function columnFigure(graph: Graph, thumbnails: ReadonlyMap<string, Thumbnail> = new Map()): ColumnFigure {
  const figures = (['bindings', 'branches'] as const).map((detail): ColumnFigure => {
    const diagram = withThumbnails(foldNarrow(graph, detail), thumbnails)
    const layout = layOut(diagram, 'down', 'compact')
    // A figure narrower than the column keeps its size.
    const letters = metrics.text * Math.min(0.75, (columnWidth * pointsPerCentimetre) / layout.width)
    return { diagram, layout, letters }
  })
  const largest = [...figures].sort((a, b) => b.letters - a.letters)
  return figures.find(({ letters }) => letters >= smallestLetters) ?? elementAt(largest, 0)
}
