import { neededOf } from '../../compiler/compile.js'
import { fold } from '../../compiler/diagram/fold.js'
import { svgOf, type Theme } from '../../compiler/diagram/svg.js'
import { placesOf } from '../language/box_place.js'
import type { Analysis } from '../language/workspace.js'
import type { Places } from './places.js'
import type { FigureResult } from './requests.js'

/** Returns the figure of the last model without errors, with the positions of its boxes in the current text. */
export function figureOf({ file, text, whole, latestWhole }: Analysis, theme: Theme, places: Places): FigureResult {
  if (!latestWhole) return null
  const graph = neededOf(latestWhole)
  const diagram = fold(graph)
  const boxes = [...placesOf(file, diagram)].map(([name, item]) => ({
    name,
    label: item.name,
    range: places.range(text, item.range),
    selection: places.range(text, item.selection),
  }))
  return { model: graph.name, svg: svgOf(diagram, theme, 'down'), boxes, current: whole !== undefined }
}
