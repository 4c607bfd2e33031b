/** A model as a figure shows it: few boxes, and what goes from one to the next. */
export interface Diagram {
  readonly model: string
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
  /** Branches whose inside is shown. */
  readonly branches: readonly Branch[]
}

export interface Box {
  /** Its path: `master.trunk`, `crop`, `loss.part`. */
  readonly id: string
  readonly kind: 'input' | 'step' | 'loss' | 'answer'
  readonly title: string
  /** Its operation, and the number of its weights. */
  readonly lines: readonly string[]
  readonly branch?: string
  /** Its value for one photo. */
  readonly thumbnail?: Thumbnail
  /** The branch or box whose weights it has: what shares them has one colour. */
  readonly weightsOf: string
}

export interface Thumbnail {
  /** A PNG file in base 64. */
  readonly png: string
  /** As it is shown, in pixels of the figure. */
  readonly width: number
  readonly height: number
}

export interface Arrow {
  readonly from: string
  readonly to: string
  /** The value's name where it is not the box's own, what it is to the box it goes to, and its shape. */
  readonly label: readonly string[]
  /** Learning does not go back through it. */
  readonly detached: boolean
}

export interface Branch {
  readonly name: string
  readonly weightsOf: string
}

/** The diagram with thumbnails in its boxes, by the boxes' paths. */
export function withThumbnails(diagram: Diagram, thumbnails: ReadonlyMap<string, Thumbnail>): Diagram {
  const boxes = diagram.boxes.map((box) => {
    const thumbnail = thumbnails.get(box.id)
    return thumbnail ? { ...box, thumbnail } : box
  })
  return { ...diagram, boxes }
}
