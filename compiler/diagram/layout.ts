import { Graph, layout as place } from '@dagrejs/dagre'
import { elementAt, present } from '../../grammar/present.js'
import type { Arrow, Box, Branch, Diagram } from './diagram.js'
import type { Area, Curve, Point, RoundedArea } from './geometry.js'
import { type Route, routed } from './route.js'

export interface PlacedArrow extends Arrow {
  readonly curves: readonly Curve[]
  /** Absent without a label. */
  readonly labelAt?: Area
}

export interface Layout {
  readonly width: number
  readonly height: number
  /** Around the boxes. */
  readonly margin: number
  readonly boxes: readonly (Box & { readonly area: RoundedArea })[]
  readonly branches: readonly (Branch & { readonly area: Area })[]
  readonly arrows: readonly PlacedArrow[]
}

/** In pixels; letters are measured by rule of thumb, so that no font is needed. */
export const metrics = { title: 14, text: 11.5, line: 16, letter: 6.3, boldLetter: 8.2, branchTitle: 26 }

/** `across` is from left to right, `down` from top to bottom. */
export type Direction = 'across' | 'down'

/** Distances between boxes, and between arrows, in pixels; compact ones for a narrow page. */
const spacings = {
  normal: {
    across: { nodesep: 26, ranksep: 36, edgesep: 14 },
    down: { nodesep: 26, ranksep: 30, edgesep: 14 },
    margin: 20,
  },
  compact: {
    across: { nodesep: 12, ranksep: 28, edgesep: 8 },
    down: { nodesep: 12, ranksep: 26, edgesep: 8 },
    margin: 4,
  },
}

export type Spacing = keyof typeof spacings

/** The size of a page, in centimetres. */
const page = { width: 17, height: 24 }

/** Places the boxes; without a direction in the one that is larger on a page. The same diagram is placed in the same way. */
export function layOut(diagram: Diagram, direction?: Direction, spacing: Spacing = 'normal'): Layout {
  if (direction) return placed(diagram, direction, spacing)
  const size = ({ width, height }: Layout) => Math.min(page.width / width, page.height / height)
  const [across, down] = [placed(diagram, 'across', spacing), placed(diagram, 'down', spacing)]
  return size(across) * 1.2 >= size(down) ? across : down
}

function placed(diagram: Diagram, direction: Direction, spacing: Spacing): Layout {
  const { margin } = spacings[spacing]
  const graph = new Graph({ directed: true, multigraph: true, compound: true })
  graph.setGraph({
    rankdir: direction === 'across' ? 'LR' : 'TB',
    ...spacings[spacing][direction],
    marginx: margin,
    marginy: margin,
  })
  for (const { name } of diagram.branches) graph.setNode(branchKey(name), {})
  for (const box of diagram.boxes) {
    graph.setNode(box.id, sizeOf(box))
    if (box.branch !== undefined) graph.setParent(box.id, branchKey(box.branch))
  }
  diagram.arrows.forEach(({ from, to, label }, index) => {
    const width = Math.max(0, ...label.map((line) => line.length)) * metrics.letter + 6
    graph.setEdge(
      from,
      to,
      { width, height: label.length * metrics.line, labelpos: 'c', weight: 1, minlen: 1 },
      String(index),
    )
  })
  place(graph)
  const boxes = diagram.boxes.map((box) => ({ ...box, area: rounded(box, areaOf(graph.node(box.id))) }))
  const branches = diagram.branches.map((branch) => ({ ...branch, area: around(boxes, branch.name) }))
  const routes = diagram.arrows.map((arrow, index): Route => {
    const edge = graph.edge(arrow.from, arrow.to, String(index))
    const points = present(edge.points, 'the line of an arrow')
    return { ...between(arrow), points, ...(arrow.label.length > 0 && { label: areaOf(edge) }) }
  })
  const lines = linesOf(routes, boxes, direction)
  const arrows = diagram.arrows.map((arrow, index): PlacedArrow => {
    const { label } = elementAt(routes, index)
    return { ...arrow, curves: elementAt(lines, index), ...(label && { labelAt: label }) }
  })
  const { width = 0, height = 0 } = graph.graph()
  const top = Math.min(0, ...branches.map(({ area }) => area.y - area.height / 2 - margin))
  const bottom = Math.max(height, ...branches.map(({ area }) => area.y + area.height / 2 + margin))
  return shifted({ width, height: bottom - top, margin, boxes, branches, arrows }, -top)
}

function between({ from, to }: Arrow): { from: string; to: string } {
  return { from, to }
}

/** Lines are routed from top to bottom; across, with the axes exchanged. */
function linesOf(
  routes: readonly Route[],
  boxes: Layout['boxes'],
  direction: Direction,
): readonly (readonly Curve[])[] {
  const areas = new Map(boxes.map(({ id, area }) => [id, area] as const))
  if (direction === 'down') return routed(routes, areas)
  const turned = routes.map(({ from, to, points, label }) => ({
    ...{ from, to, points: points.map(exchanged) },
    ...(label && { label: exchangedArea(label) }),
  }))
  const lines = routed(turned, new Map([...areas].map(([id, area]) => [id, { ...area, ...exchangedArea(area) }])))
  return lines.map((curves) => curves.map((curve) => mapped(curve, exchanged)))
}

const exchanged = ({ x, y }: Point): Point => ({ x: y, y: x })

const exchangedArea = ({ x, y, width, height }: Area): Area => ({ x: y, y: x, width: height, height: width })

function mapped({ from, controls, to }: Curve, point: (at: Point) => Point): Curve {
  return { from: point(from), controls: [point(controls[0]), point(controls[1])], to: point(to) }
}

const branchKey = (name: string) => `branch ${name}`

/** Between the text of a box and its thumbnail. */
export const thumbnailGap = 6

function sizeOf({ title, lines, thumbnail }: Box): { width: number; height: number } {
  const width = Math.max(title.length * metrics.boldLetter, ...lines.map((line) => line.length * metrics.letter)) + 24
  const [thumbnailWidth, thumbnailHeight] = thumbnail ? [thumbnail.width + 16, thumbnail.height + thumbnailGap] : [0, 0]
  return {
    width: Math.max(80, width, thumbnailWidth),
    height: (lines.length + 1) * metrics.line + 16 + thumbnailHeight,
  }
}

function areaOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Area>): Area {
  return { x, y, width, height }
}

/** Steps are nearly rectangular; inputs, losses and answers are round. */
function rounded({ kind, thumbnail }: Box, area: Area): RoundedArea {
  return { ...area, corner: kind === 'step' || thumbnail ? 5 : area.height / 2.6 }
}

/** The frame around a branch's boxes, with its title above them. */
function around(boxes: Layout['boxes'], branch: string): Area {
  const areas = boxes.filter((box) => box.branch === branch).map(({ area }) => area)
  const left = Math.min(...areas.map(({ x, width }) => x - width / 2)) - 12
  const right = Math.max(...areas.map(({ x, width }) => x + width / 2)) + 12
  const top = Math.min(...areas.map(({ y, height }) => y - height / 2)) - metrics.branchTitle
  const bottom = Math.max(...areas.map(({ y, height }) => y + height / 2)) + 12
  return { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top }
}

function shifted(layout: Layout, down: number): Layout {
  const point = <P extends Point>(at: P): P => ({ ...at, y: at.y + down })
  return {
    ...layout,
    boxes: layout.boxes.map((box) => ({ ...box, area: point(box.area) })),
    branches: layout.branches.map((branch) => ({ ...branch, area: point(branch.area) })),
    arrows: layout.arrows.map((arrow) => ({
      ...arrow,
      curves: arrow.curves.map((curve) => mapped(curve, point)),
      ...(arrow.labelAt && { labelAt: point(arrow.labelAt) }),
    })),
  }
}
