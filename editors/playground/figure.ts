import { fold } from '../../compiler/diagram/fold.js'
import { svgOf } from '../../compiler/diagram/svg.js'
import type { Graph } from '../../compiler/graph/graph.js'

/** Shows the model's figure. As an image it can neither run nor load anything. */
export function drawFigure(image: HTMLImageElement, graph: Graph): void {
  const before = image.src
  image.src = URL.createObjectURL(new Blob([svgOf(fold(graph), 'auto', 'down')], { type: 'image/svg+xml' }))
  if (before.startsWith('blob:')) URL.revokeObjectURL(before)
}
