/** How answers are corrected, as measured on images with known classes. It is stored with a run and in the metadata of an exported file. */
export interface AnswerCalibration {
  /**
   * The probabilities p become softmax(log p / temperature): temperature scaling (Guo et al. 2017, section 4.2), on the logarithm of the
   * model's prediction, which may be a mean over branches.
   */
  readonly temperature: number
  /** An image is of a known class where its largest probability, after that, is at least this. */
  readonly threshold: number
  /** The share of the images measured on that are at least that sure. */
  readonly kept: number
  /** How many images it was measured on. */
  readonly images: number
  /** The expected calibration error without the correction, and with it on images that it was not fitted to. */
  readonly errorBefore: number
  readonly errorAfter: number
  /** The error that exact probabilities would show, on average, on as few images. */
  readonly errorExpected: number
}
