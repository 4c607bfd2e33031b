/** Images whose confidence is within the bin. */
export interface CalibrationBin {
  readonly images: number
  /** The mean confidence of these images, and their accuracy. */
  readonly confidence: number
  readonly accuracy: number
}

/** Bins of equal width over the probability of the answer (Guo et al. 2017, section 2: 15 of them). */
export const calibrationBins = 15

/** Measures calibration: how far confidence and accuracy differ. */
export class Calibration {
  private readonly sums = Array.from({ length: calibrationBins }, () => ({ images: 0, confidence: 0, right: 0 }))

  /** @param confidence the probability of the answer; bin m covers ((m - 1) / 15, m / 15] */
  add(confidence: number, right: boolean): void {
    const index = Math.min(calibrationBins - 1, Math.max(0, Math.ceil(confidence * calibrationBins) - 1))
    const bin = this.sums[index]
    if (!bin) return
    bin.images++
    bin.confidence += confidence
    bin.right += Number(right)
  }

  /** Empty bins have zeros. */
  get bins(): readonly CalibrationBin[] {
    return this.sums.map(({ images, confidence, right }) => ({
      images,
      confidence: images === 0 ? 0 : confidence / images,
      accuracy: images === 0 ? 0 : right / images,
    }))
  }

  /** Expected calibration error: the mean over images of the distance between their bin's confidence and its accuracy. */
  get error(): number {
    const total = this.sums.reduce((sum, { images }) => sum + images, 0)
    const away = this.sums.reduce((sum, { confidence, right }) => sum + Math.abs(confidence - right), 0)
    return total === 0 ? 0 : away / total
  }
}
