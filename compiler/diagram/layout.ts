import { Graph, layout as place } from '@dagrejs/dagre'
import { present } from '../../grammar/present.js'
import type { Arrow, Box, Branch, Diagram } from './diagram.js'

export interface Point {
  readonly x: number
  readonly y: number
}

/** A rectangle by its middle. */
export interface Area extends Point {
  readonly width: number
  readonly height: number
}

export interface PlacedArrow extends Arrow {
  readonly points: readonly Point[]
  /** Absent without a label. */
  readonly labelAt?: Point
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly (Box & { readonly area: Area })[]
  readonly branches: readonly (Branch & { readonly area: Area })[]
  readonly arrows: readonly PlacedArrow[]
}

/** In pixels; letters are measured by rule of thumb, so that no font is needed. */
export const metrics = { title: 14, text: 11.5, line: 16, letter: 6.3, boldLetter: 8.2, margin: 20, branchTitle: 26 }

/** `across` is from left to right, `down` from top to bottom. */
export type Direction = 'across' | 'down'

/** The size of a page, in centimetres. */
const page = { width: 17, height: 24 }

/** Places the boxes; without a direction in the one that is larger on a page. The same diagram is placed in the same way. */
export function layOut(diagram: Diagram, direction?: Direction): Layout {
  if (direction) return placed(diagram, direction)
  const size = ({ width, height }: Layout) => Math.min(page.width / width, page.height / height)
  const [across, down] = [placed(diagram, 'across'), placed(diagram, 'down')]
  return size(across) * 1.2 >= size(down) ? across : down
}

function placed(diagram: Diagram, direction: Direction): Layout {
  const graph = new Graph({ directed: true, multigraph: true, compound: true })
  graph.setGraph({
    rankdir: direction === 'across' ? 'LR' : 'TB',
    nodesep: 26,
    ranksep: direction === 'across' ? 34 : 24,
    edgesep: 14,
    marginx: metrics.margin,
    marginy: metrics.margin,
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
  const boxes = diagram.boxes.map((box) => ({ ...box, area: areaOf(graph.node(box.id)) }))
  const branches = diagram.branches.map((branch) => ({ ...branch, area: around(boxes, branch.name) }))
  const arrows = diagram.arrows.map((arrow, index): PlacedArrow => {
    const edge = graph.edge(arrow.from, arrow.to, String(index))
    const points = present(edge.points, 'the line of an arrow')
    if (arrow.label.length === 0) return { ...arrow, points }
    const labelAt = { x: present(edge.x, 'the place of a label'), y: present(edge.y, 'the place of a label') }
    return { ...arrow, points, labelAt }
  })
  const { width = 0, height = 0 } = graph.graph()
  const top = Math.min(0, ...branches.map(({ area }) => area.y - area.height / 2 - metrics.margin))
  const bottom = Math.max(height, ...branches.map(({ area }) => area.y + area.height / 2 + metrics.margin))
  return shifted({ width, height: bottom - top, boxes, branches, arrows }, -top)
}

const branchKey = (name: string) => `branch ${name}`

function sizeOf({ title, lines }: Box): { width: number; height: number } {
  const width = Math.max(title.length * metrics.boldLetter, ...lines.map((line) => line.length * metrics.letter)) + 24
  return { width: Math.max(80, width), height: (lines.length + 1) * metrics.line + 16 }
}

function areaOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Area>): Area {
  return { x, y, width, height }
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
      points: arrow.points.map(point),
      ...(arrow.labelAt && { labelAt: point(arrow.labelAt) }),
    })),
  }
}
