import { type Area, type Curve, intersection, type Point, type RoundedArea } from './geometry.js'
import { type Layout, metrics, type PlacedArrow, thumbnailGap } from './layout.js'

/** A placed diagram as marks in drawing order, which each file format writes in its own way. */
export interface Drawing {
  readonly title: string
  /** In pixels. */
  readonly width: number
  readonly height: number
  readonly groups: readonly Group[]
}

/** Marks that belong together: a box with its text, an arrow. */
export interface Group {
  readonly role: 'branch' | 'arrow' | 'input' | 'step' | 'loss' | 'answer' | 'label' | 'legend'
  /** The index of a colour: of a branch, and of what has its weights. */
  readonly hue?: number
  /** Of a box, its path in the spec. */
  readonly name?: string
  readonly marks: readonly Mark[]
}

export type Mark =
  | { readonly kind: 'rectangle'; readonly area: RoundedArea }
  | { readonly kind: 'thumbnail'; readonly png: string; readonly area: Area }
  | { readonly kind: 'line'; readonly curves: readonly Curve[]; readonly detached: boolean; readonly head: boolean }
  | {
      readonly kind: 'text'
      readonly text: string
      readonly at: Point
      readonly lettering: Lettering
      readonly centred: boolean
    }

/** A box's name, the title of a branch, or anything else. */
export type Lettering = 'name' | 'title' | 'detail'

/** The size of letters in pixels, and whether they are bold. */
export const letterings: { readonly [lettering in Lettering]: { readonly size: number; readonly bold: boolean } } = {
  name: { size: metrics.title, bold: true },
  title: { size: metrics.text, bold: true },
  detail: { size: metrics.text, bold: false },
}

/** From the top of a line of text to its baseline. */
const ascent = 12

export function drawingOf(model: string, layout: Layout): Drawing {
  const hue = huesOf(layout)
  const detached = layout.arrows.some((arrow) => arrow.detached)
  const height = Math.ceil(layout.height + (detached ? 24 : 0))
  const groups: readonly Group[] = [
    ...layout.branches.map(({ name, area, weightsOf }): Group => {
      const at = { x: area.x - area.width / 2 + 12, y: area.y - area.height / 2 + 17 }
      const marks: readonly Mark[] = [
        { kind: 'rectangle', area: { ...area, corner: 10 } },
        { kind: 'text', text: `branch ${name}`, at, lettering: 'title', centred: false },
      ]
      return { role: 'branch', ...hue(weightsOf), marks }
    }),
    ...layout.arrows.map(
      ({ curves, detached }): Group => ({ role: 'arrow', marks: [{ kind: 'line', curves, detached, head: true }] }),
    ),
    ...layout.boxes.map(
      (box): Group => ({ role: box.kind, ...hue(box.weightsOf), name: box.id, marks: boxMarks(box) }),
    ),
    ...layout.arrows.flatMap((arrow) => labelOf(arrow, layout, hue)),
    ...(detached ? [legendAt(layout.margin, height - 12)] : []),
  ]
  return { title: model, width: Math.ceil(layout.width), height, groups }
}

type Hues = (weightsOf: string) => { hue?: number }

/** Branches and what shares weights have colours; a single step needs none. */
function huesOf({ branches, boxes }: Layout): Hues {
  const shared = boxes.map(({ weightsOf }) => weightsOf).filter((owner, index, all) => all.indexOf(owner) !== index)
  const owners = [...new Set([...branches.map(({ weightsOf }) => weightsOf), ...shared])]
  return (weightsOf) => {
    const hue = owners.indexOf(weightsOf)
    return hue === -1 ? {} : { hue }
  }
}

function boxMarks({ area, title, lines, thumbnail }: Layout['boxes'][number]): readonly Mark[] {
  const textHeight = (lines.length + 1) * metrics.line
  const below = thumbnail ? thumbnailGap + thumbnail.height : 0
  const top = area.y - (textHeight + below) / 2
  const at = (line: number) => ({ x: area.x, y: top + line * metrics.line + ascent })
  const marks: Mark[] = [
    { kind: 'rectangle', area },
    { kind: 'text', text: title, at: at(0), lettering: 'name', centred: true },
    ...lines.map(
      (text, index): Mark => ({ kind: 'text', text, at: at(index + 1), lettering: 'detail', centred: true }),
    ),
  ]
  if (thumbnail) {
    const { png, width, height } = thumbnail
    marks.push({
      kind: 'thumbnail',
      png,
      area: { x: area.x, y: top + textHeight + thumbnailGap + height / 2, width, height },
    })
  }
  return marks
}

/** The label interrupts its line; its background has the colours of what is below it: the paper, or branches. */
function labelOf({ label, labelAt }: PlacedArrow, { branches }: Layout, hue: Hues): Group[] {
  if (!labelAt) return []
  const { x, y } = labelAt
  const area = {
    x,
    y,
    width: Math.max(...label.map((line) => line.length)) * metrics.letter,
    height: label.length * metrics.line,
  }
  const texts = label.map((text, index): Mark => {
    const at = { x, y: y - area.height / 2 + index * metrics.line + ascent }
    return { kind: 'text', text, at, lettering: 'detail', centred: true }
  })
  const below = branches.flatMap(({ area: branch, weightsOf }): Group[] => {
    const shared = intersection(area, branch)
    return shared ? [{ role: 'label', ...hue(weightsOf), marks: [background(shared)] }] : []
  })
  return [{ role: 'label', marks: [background(area)] }, ...below, { role: 'label', marks: texts }]
}

function background(area: Area): Mark {
  return { kind: 'rectangle', area: { ...area, corner: 0 } }
}

function legendAt(x: number, y: number): Group {
  const [from, to] = [
    { x, y },
    { x: x + 34, y },
  ]
  return {
    role: 'legend',
    marks: [
      { kind: 'line', curves: [{ from, controls: [from, to], to }], detached: true, head: false },
      { kind: 'text', text: 'no gradient', at: { x: to.x + 8, y: y + 4 }, lettering: 'detail', centred: false },
    ],
  }
}
