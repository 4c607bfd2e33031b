import type { Box } from '../../compiler/ops/sampling/crop_sampler/components.js'
import type { Annotations } from '../data/ground_truth.js'

/** Localisation metrics of crops against annotations. Shares are between 0 and 1. */
export interface Localised {
  /** With boxes of the object: mean intersection over union (IoU) of the crop, and the share of crops with an IoU of at least 0.5. */
  readonly localisation?: {
    readonly images: number
    readonly meanIou: number
    readonly over50: number
    readonly wholeImageIou: number
    /** With keypoints (CUB's parts): the share that is inside the crop. */
    readonly pointsInside?: number
  }
  /** With annotations of the discriminative part. */
  readonly discriminativePart?: {
    readonly images: number
    /** The share of crops that contain the centre of that part. */
    readonly captured: number
    /** The same share for crops of these sizes at random positions. */
    readonly byChance: number
    /** The mean area of a crop as a share of its image. */
    readonly cropArea: number
  }
}

/** Compares crops with annotations. */
export class LocalisationCounter {
  private boxes = 0
  private iou = 0
  private wholeIou = 0
  private over50 = 0
  private points = 0
  private pointsInside = 0
  private parts = 0
  private captured = 0
  private byChance = 0
  private area = 0

  add(crop: Box, { box, part, points = [] }: Annotations): void {
    this.points += points.length
    this.pointsInside += points.filter((point) => contains(crop, point)).length
    if (box) this.addBox(crop, [box.y1, box.x1, box.y2, box.x2])
    if (part) this.addPart(crop, { y: (part.y1 + part.y2) / 2, x: (part.x1 + part.x2) / 2 })
  }

  private addBox(crop: Box, truth: Box): void {
    const overlap = intersectionOverUnion(crop, truth)
    this.boxes++
    this.iou += overlap
    this.wholeIou += intersectionOverUnion([0, 0, 1, 1], truth)
    if (overlap >= 0.5) this.over50++
  }

  private addPart(crop: Box, middle: Place): void {
    const [y1, x1, y2, x2] = crop
    this.parts++
    this.captured += Number(contains(crop, middle))
    this.byChance += coveredByChance(y2 - y1, middle.y) * coveredByChance(x2 - x1, middle.x)
    this.area += (y2 - y1) * (x2 - x1)
  }

  result(): Localised {
    const { boxes, parts, points } = this
    return {
      ...(boxes > 0 && {
        localisation: {
          images: boxes,
          meanIou: this.iou / boxes,
          over50: this.over50 / boxes,
          wholeImageIou: this.wholeIou / boxes,
          ...(points > 0 && { pointsInside: this.pointsInside / points }),
        },
      }),
      ...(parts > 0 && {
        discriminativePart: {
          images: parts,
          captured: this.captured / parts,
          byChance: this.byChance / parts,
          cropArea: this.area / parts,
        },
      }),
    }
  }
}

/** In fractions of the image. */
interface Place {
  readonly y: number
  readonly x: number
}

function contains([y1, x1, y2, x2]: Box, { y, x }: Place): boolean {
  return y >= y1 && y <= y2 && x >= x1 && x <= x2
}

/** The probability that an interval of this length at a random position within [0, 1] covers the point. */
function coveredByChance(length: number, place: number): number {
  const free = 1 - length
  return free <= 0 ? 1 : (Math.min(free, place) - Math.max(0, place - length)) / free
}

export function intersectionOverUnion(a: Box, b: Box): number {
  const height = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]))
  const width = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]))
  const area = (box: Box) => Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1])
  const union = area(a) + area(b) - height * width
  return union > 0 ? (height * width) / union : 0
}
